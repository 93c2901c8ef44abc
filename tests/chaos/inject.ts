import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@tallystream/testing';
import type { House } from './house';
import type { Fault } from './plan';
import type { Witness } from './witness';

/** Lets something go wrong, and puts an end to it: when this resolves, nothing stands in the way any more. */
export const inject = async (house: House, witness: Witness, fault: Fault): Promise<void> => {
  switch (fault.kind) {
    case 'kill': {
      const victim = named(house.victims, fault.target);
      await victim.kill();
      await pause(fault.ms);
      return victim.restart();
    }
    case 'pause': {
      const victim = named(house.victims, fault.target);
      victim.pause();
      await pause(fault.ms);
      return victim.resume();
    }
    case 'cut': {
      const line = named(house.lines, fault.target);
      for (let time = 0; time < fault.times; time += 1) {
        line.cut();
        await pause(BETWEEN_CUTS_MS);
      }
      return;
    }
    case 'slow':
    case 'silence': {
      const line = named(house.lines, fault.target);
      if (fault.kind === 'slow') line.slow(fault.delayMs);
      else line.silence();
      await pause(fault.ms);
      return line.steady();
    }
    case 'isolate': {
      const lines = house.lines.filter(({ name }) => name.split(' to ').includes(fault.target));
      for (const line of lines) line.silence();
      await pause(fault.ms);
      for (const line of lines) line.steady();
      return;
    }
    case 'stepdown': {
      for (let time = 0; time < fault.times; time += 1) {
        await witness.unseat(fault.target);
        await pause(BETWEEN_LEADERS_MS);
      }
      return;
    }
    case 'fill': {
      const { naming, zoho } = house;
      const [stream, consumer] = [naming.stream('ZOHO_INBOX'), naming.consumer(fault.target)];
      const { consumers } = witness.manager;
      await eventually(() => consumers.pause(stream, consumer, new Date(Date.now() + fault.ms)));
      const booked = zoho.post('transactions', { count: fault.webhooks, perSecond: FILL_PER_SECOND });
      // What becomes of each is seen at the end; the simulator may not live to tell.
      booked.catch(() => undefined);
      return pause(fault.ms);
    }
    case 'resend': {
      const to = Math.floor(Date.now() / 1_000);
      await house.zoho.post('replay', { from: clock(to - fault.seconds), to: clock(to), versions: 'all' });
    }
  }
};

const BETWEEN_CUTS_MS = 200;
/** Some of them while the one before is being elected. */
const BETWEEN_LEADERS_MS = 400;
const FILL_PER_SECOND = 500;

const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString();

const named = <T extends Readonly<{ name: string }>>(all: readonly T[], name: string): T => {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};
