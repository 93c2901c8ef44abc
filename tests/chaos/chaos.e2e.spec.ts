import path from 'node:path';
import { removeData, temporaryData } from '../../deploy/local/servers';
import { randomFrom, seedOfRun } from '../random';
import { type ChaosResult, chaos } from './chaos';
import { type Fault, faultsFrom } from './plan';
import { asText, isMet } from './report';

/** No measure of speed: a machine that does much else at the time takes as long as it takes. */
jest.setTimeout(600_000);

const seed = seedOfRun();
const FAULTS = 15;

/** The short form of `npm run chaos`: the whole in one process, twice. */
describe(`two replicas under ${FAULTS} faults (TALLY_SEED=${seed})`, () => {
  const dataDir = temporaryData();
  const said: string[] = [];
  let result: ChaosResult;

  beforeAll(async () => {
    result = await chaos({
      seed,
      layout: 'standalone',
      until: { faults: FAULTS },
      perSecond: 20,
      dataDir,
      logDir: path.join(dataDir, 'logs'),
      say: (line) => said.push(line),
    }).catch((error: unknown) => {
      throw new Error(`${error}, after:\n${said.join('\n')}`);
    });
  });
  afterAll(() => {
    removeData(dataDir);
  });

  it('lose nothing that was accepted, apply nothing twice, and end with Zoho’s numbers in every store', () => {
    const { lost, doubled, wrong, needless, dead, ended } = result;
    expect({ lost, doubled, wrong, needless, dead, ended }).toEqual({
      lost: [],
      doubled: [],
      wrong: [],
      needless: [],
      dead: [],
      ended: [],
    });
    expect(result.injected).toHaveLength(FAULTS);
    expect(result.accepted).toBeGreaterThan(100);
  });

  it('are reported as they fared', () => {
    expect(asText(result, 'npm run chaos')).toMatch(/^lost +0 +0 +met$/m);
    expect(asText({ ...result, lost: ['webhook 7 came to nothing'] }, 'npm run chaos')).toMatch(
      /^lost +1 +0 +NOT MET$/m,
    );
    expect(isMet({ ...result, lost: ['webhook 7 came to nothing'] })).toBe(false);
  });
});

describe('faults', () => {
  const targets = {
    processes: ['nats', 'ingress-1', 'ingress-2'],
    lines: ['ingress-1 to nats', 'apps to zoho'],
    members: ['nats'],
    led: ['STOCK', 'translator'],
  };
  const some = (seed: number): readonly Fault[] => {
    const faults = faultsFrom(randomFrom(seed), targets);
    return Array.from({ length: 50 }, () => faults.next().value);
  };

  it('are the same from the same seed, and others from another', () => {
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it('spare nobody', () => {
    const round = some(3).slice(0, 13);
    const hit = (...kinds: readonly string[]) =>
      round.filter(({ kind }) => kinds.includes(kind)).map(({ target }) => target);
    expect(hit('kill').sort()).toEqual([...targets.processes].sort());
    expect(hit('pause').sort()).toEqual([...targets.processes].sort());
    expect(hit('cut', 'slow', 'silence').sort()).toEqual([...targets.lines].sort());
    expect(hit('isolate')).toEqual(targets.members);
    expect(hit('stepdown').sort()).toEqual([...targets.led].sort());
    expect(hit('fill', 'resend')).toHaveLength(2);
  });
});
