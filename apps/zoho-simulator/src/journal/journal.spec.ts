import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trueLevels } from '../control/truth';
import { openSimulator, type Simulator } from '../simulator';
import { quietConfig } from '../testing/simulation';
import { runTraffic, trafficRequest } from '../traffic/run-traffic';
import { UnusableStateFile } from './journal';

const folder = mkdtempSync(join(tmpdir(), 'zoho-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

let wall = 1_700_000_000_000;
const open = (stateFile: string, seed = 3): Simulator =>
  openSimulator({ ...quietConfig, items: 60, seed, stateFile }, () => wall);

const everything = ({ organisation, clock }: Simulator) => ({
  truth: trueLevels(organisation, organisation.items),
  documents: [...organisation.documents.values()],
  history: [...organisation.history],
  ids: organisation.idsGiven,
  bookings: organisation.bookings,
  isLate: clock.seconds() >= organisation.latest,
});

const live = async (simulator: Simulator, count: number): Promise<void> => {
  await runTraffic(simulator, trafficRequest.parse({ count }));
  await simulator.close(0);
};

it('gives a restarted simulator the same truth, documents, ids and time', async () => {
  const file = join(folder, 'restart.ndjson');
  const first = open(file);
  await live(first, 400);
  const again = open(file);
  expect(everything(again)).toEqual(everything(first));
  expect(everything(again)).toMatchObject({ bookings: 400, isLate: true });
  wall += 1_234;
  await live(again, 50);
  expect(everything(open(file))).toEqual(everything(again));
});

it('ignores a torn last line, and writes on after it', async () => {
  const file = join(folder, 'torn.ndjson');
  const first = open(file);
  await live(first, 20);
  appendFileSync(file, '{"at":1700000000,"action":"bill.cr');
  const again = open(file);
  expect(everything(again)).toEqual(everything(first));
  await live(again, 5);
  expect(open(file).organisation.bookings).toBe(25);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(26);
});

it('refuses a file of another organisation, and one that is broken before its end', async () => {
  const file = join(folder, 'other.ndjson');
  await live(open(file), 5);
  expect(() => open(file, 4)).toThrow(UnusableStateFile);
  appendFileSync(file, 'nonsense\n');
  expect(() => open(file)).toThrow(/line 7/);
});

it('books nothing once it is stopping', async () => {
  const simulator = open(join(folder, 'stopping.ndjson'));
  await simulator.close(0);
  expect(() => simulator.carryOut({ action: 'invoice.void', input: { id: '1' } })).toThrow(/stopping/);
});
