import { eventually } from '@tallystream/testing';
import { type Patience, whileItAnswers } from './while-it-answers';

const away = new Error('away');

/** Counts how often it was asked. */
const counted = <T>(answer: () => Promise<T>) => {
  const server = Object.assign(
    () => {
      server.asked += 1;
      return answer();
    },
    { asked: 0 },
  );
  return server;
};
const failing = () => counted(() => Promise.reject(away));
const answering = () => counted(() => Promise.resolve('yes'));

describe('a server that is asked while it answers', () => {
  const guarded = (settings: Partial<Patience> = {}) => {
    const told: boolean[] = [];
    const ask = whileItAnswers({
      isAway: (error) => error === away,
      failures: 3,
      pauseMs: 60_000,
      longestMs: 1_000,
      changed: (isBack) => told.push(isBack),
      ...settings,
    });
    return { ask, told };
  };
  it('answers', async () => {
    const { ask, told } = guarded();
    expect(await ask(answering())).toBe('yes');
    expect(told).toEqual([]);
  });

  it('is left alone after some failures in a row, and nobody waits for it', async () => {
    const { ask, told } = guarded();
    const [fails, answers] = [failing(), answering()];
    for (let n = 0; n < 10; n += 1) expect(await ask(fails)).toBeUndefined();
    expect(fails.asked).toBe(3);
    expect(await ask(answers)).toBeUndefined();
    expect(answers.asked).toBe(0);
    expect(told).toEqual([false]);
  });

  it('may fail now and then', async () => {
    const { ask } = guarded();
    for (let n = 0; n < 10; n += 1) {
      await ask(failing());
      await ask(failing());
      expect(await ask(answering())).toBe('yes');
    }
  });

  it('is away when it takes too long', async () => {
    const { ask } = guarded({ longestMs: 5 });
    const never = counted(() => new Promise<string>(() => undefined));
    for (let n = 0; n < 4; n += 1) expect(await ask(never)).toBeUndefined();
    expect(never.asked).toBe(3);
  });

  it('is asked by one, after a pause, while the others do without it; then by all', async () => {
    const { ask, told } = guarded({ pauseMs: 20 });
    for (let n = 0; n < 3; n += 1) await ask(failing());
    let answer: (text: string) => void = () => undefined;
    const slow = counted(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    let trial: Promise<string | undefined> = Promise.resolve(undefined);
    await eventually(() => {
      trial = ask(slow);
      expect(slow.asked).toBe(1);
    });
    expect(await Promise.all([ask(answering()), ask(answering())])).toEqual([undefined, undefined]);
    answer('back');
    expect(await trial).toBe('back');
    expect(await ask(answering())).toBe('yes');
    expect(told).toEqual([false, true]);
  });

  it('does not hide a fault of ours', async () => {
    const { ask, told } = guarded();
    const fault = new TypeError('ours');
    for (let n = 0; n < 5; n += 1) await expect(ask(() => Promise.reject(fault))).rejects.toBe(fault);
    expect(told).toEqual([]);
  });
});
