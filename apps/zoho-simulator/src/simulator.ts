import { goodManners, type Manners } from './bodies/manners';
import { BookingRefused, type Change } from './bookings/booking';
import { book, type Command, type UncheckedOrder } from './bookings/registry';
import { type Clock, simulatorClock, zohoDate } from './clock';
import type { Config } from './config';
import { type Accounts, accountServer } from './door/accounts';
import { type CallBook, callBook } from './door/calls';
import { type FaultPlan, faultPlan } from './door/faults';
import { callLimits, type Limits } from './door/limits';
import { type Journal, noJournal, openJournal, UnusableStateFile } from './journal/journal';
import { newOrganisation, type Organisation } from './organisation/organisation';
import { seededRandom } from './random';
import { type Answer, type Delivery, webhookDelivery } from './webhooks/delivery';
import { hookOf } from './webhooks/hook';
import type { Past } from './webhooks/replay';

/** A Zoho organisation that keeps its truth, its time, its door and its webhooks. */
export type Simulator = Readonly<{
  seed: number;
  organisation: Organisation;
  clock: Clock;
  delivery: Delivery;
  accounts: Accounts;
  limits: Limits;
  calls: CallBook;
  faults: FaultPlan;
  manners: Manners;
  past: Past;
  /** Books now and writes it down. Throws `BookingRefused` and changes nothing if it cannot be. */
  carryOut(order: UncheckedOrder): Change[];
  /** Posts a webhook for each change: the documents as they are at this moment. */
  announce(changes: readonly Change[]): Promise<Answer>[];
  /** False once it is stopping: then nothing is booked any more. */
  isOpen(): boolean;
  close(graceMs: number): Promise<void>;
}>;

/** Where Nest finds it. */
export const SIMULATOR = Symbol('simulator');

export const openSimulator = (config: Omit<Config, 'host' | 'port'>, wall: () => number): Simulator => {
  const { seed, items, inactive, stateFile } = config;
  const foundation = { items, inactive, seed };
  const organisation = newOrganisation(foundation);
  const journal = stateFile === undefined ? noJournal : openJournal(stateFile, foundation);
  relive(organisation, journal);
  const commands = [...journal.recorded];
  const clock = simulatorClock(wall);
  clock.reached(organisation.latest);
  // Its own source of chance: the faults of delivery must not change what is booked.
  const delivery = webhookDelivery(config.delivery, seededRandom(seed + 1), () => zohoDate(clock.seconds()));
  let isOpen = true;
  return {
    seed,
    organisation,
    clock,
    delivery,
    accounts: accountServer(seed),
    limits: callLimits(config.limits),
    calls: callBook(),
    faults: faultPlan(),
    manners: goodManners(),
    past: { foundation, commands },
    carryOut: (order) => {
      if (!isOpen) throw new BookingRefused('stopping', 'the simulator is stopping');
      const command: Command = { at: clock.milliseconds() / 1000, ...order };
      const changes = book(organisation, command);
      journal.append(command);
      commands.push(command);
      clock.reached(organisation.latest);
      return changes;
    },
    announce: (changes) =>
      changes.map((change) =>
        delivery.isEnabled
          ? delivery.post(hookOf(organisation, change))
          : Promise.resolve({
              event: `${change.document.type}.${change.event}`,
              outcome: 'disabled',
              attempts: 0,
            }),
      ),
    isOpen: () => isOpen,
    close: async (graceMs) => {
      isOpen = false;
      await delivery.close(graceMs);
      journal.close();
    },
  };
};

const relive = (organisation: Organisation, journal: Journal): void => {
  journal.recorded.forEach((command, index) => {
    try {
      book(organisation, command);
    } catch (cause) {
      throw new UnusableStateFile(`line ${index + 2} of the state file cannot be booked again`, { cause });
    }
  });
};
