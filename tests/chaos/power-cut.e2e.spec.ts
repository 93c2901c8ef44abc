import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeData, temporaryData } from '../../deploy/local/servers';
import { randomFrom, seedOfRun } from '../random';
import type { Accepted } from './front';
import { type House, openHouse } from './house';
import { judge } from './judgement';
import { startLoad } from './load';
import { untilQuiet } from './quiet';
import { openWitness } from './witness';

/** No measure of speed: a machine that does much else at the time takes as long as it takes. */
jest.setTimeout(600_000);

const seed = seedOfRun();

/** What lies on the disks at one instant is all that is left; Redis, a cache, loses everything. */
describe(`a power cut under load (TALLY_SEED=${seed})`, () => {
  const [before, after] = [temporaryData(), temporaryData()];
  const inOne = (dataDir: string) =>
    openHouse({ layout: 'standalone', seed, dataDir, logDir: path.join(dataDir, 'logs') });
  let accepted: readonly Accepted[];
  let house: House | undefined;

  beforeAll(async () => {
    const doomed = await inOne(before);
    const witness = await openWitness(doomed);
    const load = startLoad(doomed, { seed, perSecond: 20 });
    try {
      await witness.untilWhole(performance.now());
      await pause(randomFrom(seed).below(10_000));
      accepted = atOneInstant(doomed, () => {
        for (const folder of ['nats', 'postgres', 'passwords']) copy(folder, { from: before, to: after });
        copyFileSync(path.join(before, 'postgres.password'), path.join(after, 'postgres.password'));
        return [...doomed.front.accepted()];
      });
    } finally {
      await witness.close();
      await doomed.close();
      await load.stop();
    }
    // Zoho had power all the time.
    copyFileSync(path.join(before, 'zoho.ndjson'), path.join(after, 'zoho.ndjson'));
  });
  afterAll(async () => {
    await house?.close();
    for (const folder of [before, after]) removeData(folder);
  });

  it('takes nothing that was acknowledged, and what came of it is the same in every store', async () => {
    house = await inOne(after);
    const witness = await openWitness(house);
    try {
      expect(await untilQuiet(house, witness)).toEqual([]);
      const { lost, doubled, wrong, dead } = await judge(house, witness, accepted);
      expect({ lost, doubled, wrong, dead }).toEqual({ lost: [], doubled: [], wrong: [], dead: [] });
      expect(accepted.length).toBeGreaterThan(0);
    } finally {
      await witness.close();
    }
  });
});

/** Both servers stand still meanwhile; and so do we, so that nothing more is acknowledged. */
const atOneInstant = <T>({ disks }: House, look: () => T): T => {
  for (const server of disks) server.pause();
  try {
    return look();
  } finally {
    for (const server of disks) server.resume();
  }
};

/** Files with their owners; a folder may lie elsewhere (deploy/local/unprivileged-user.js). */
const copy = (folder: string, { from, to }: Readonly<{ from: string; to: string }>): void => {
  mkdirSync(to, { recursive: true });
  execFileSync('cp', ['-a', realpathSync(path.join(from, folder)), path.join(to, folder)]);
};
