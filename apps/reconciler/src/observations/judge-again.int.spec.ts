import {
  documentIdSchema,
  type Instant,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  type Naming,
  runIdSchema,
  streamNames,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastSequence,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, type Ledger, openLedger } from '@tallystream/ledger';
import { loadConfig } from '@tallystream/platform';
import { freshNaming, testServers } from '@tallystream/testing';
import { driftPolicyOf } from '../drift-policy';
import { replay } from '../runs/replay';
import { noStats, type Run } from '../runs/run';
import { judgeAgain } from './observe-items';
import { storeSnapshot } from './snapshots';

const quiet = { info: () => undefined, warn: () => undefined };
const start = Math.floor(Date.now() / 1_000);
/** Zoho's time: seconds from now. */
const at = (seconds: number): Instant => instantFrom((start + seconds) * 1_000);
const pen = itemIdSchema.parse('pen');
const levelIn = (warehouse: string): LevelRef => ({
  itemId: pen,
  warehouseId: warehouseIdSchema.parse(warehouse),
});
const [main, north] = [levelIn('main'), levelIn('north')];
const runId = runIdSchema.parse('full-1');
const cause = { kind: 'sync', id: runId, actor: 'reconciler' } as const;
const purpose = { runId, cause, bySweep: true, inDoubt: new Set<never>(), inHand: new Set<number>() };

describe('what Zoho said, judged once more', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let ledger: Ledger;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'judge-again.int.spec' }, quiet);
    await connection.ready();
  });
  afterAll(() => connection.close());
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
    ledger = openLedger(connection, naming, defaultLedgerSettings);
    for (const ref of [main, north]) {
      const quantities = { ...zero, onHand: 120, physicalOnHand: 120 };
      await ledger.applyObservation({ ...ref, asOf: at(0), quantities }, cause);
    }
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });

  const parts = () => ({
    connection,
    naming,
    ledger,
    policyOf: driftPolicyOf(loadConfig(['DRIFT_AUTO_MAX_UNITS'], { DRIFT_AUTO_MAX_UNITS: '5' })),
  });
  const say = (onHand: number, seconds: number, inNorth = onHand) => {
    const locations = Object.entries({ main: onHand, north: inNorth }).map(([id, stock]) => ({
      location_id: id,
      location_stock_on_hand: stock,
      location_committed_stock: 0,
      location_actual_available_stock: 120,
      location_actual_committed_stock: 0,
    }));
    const raw = JSON.stringify({ item_id: pen, locations });
    return storeSnapshot(
      { connection, naming },
      { runId, itemId: pen, asOf: at(seconds), askedAt: at(0), raw },
    );
  };
  const invoice = (
    id: string,
    quantity: number,
    seconds: number,
    version: Partial<Readonly<{ status: string; modifiedAt: Instant }>> = {},
  ) =>
    ledger.applyDocument(
      {
        id: documentIdSchema.parse(id),
        type: 'invoice',
        status: 'sent',
        deleted: false,
        createdAt: at(seconds),
        modifiedAt: at(seconds),
        ...version,
        lines: [{ ...main, quantity }],
      },
      { kind: 'webhook', id, actor: 'zoho' },
    );
  const stockOf = async (ref: LevelRef) => (await ledger.level(ref))?.level.quantities.onHand;
  const replayed = async (dryRun: boolean): Promise<Run> => {
    let run: Run = {
      runId: runIdSchema.parse('replay-1'),
      kind: 'replay',
      parameters: {
        withLevels: true,
        activeOnly: false,
        withStockOnly: false,
        batchSize: 100,
        replayOf: runId,
        dryRun,
        syncImages: false,
      },
      requestedBy: 'test',
      requestedAt: at(0),
      status: 'running',
      phase: 'waiting',
      updatedAt: at(0),
      nextPage: 1,
      stats: noStats,
      apiCalls: 0,
      driftFound: 0,
      unexplained: [],
      lookedUp: [],
      resumed: 0,
      failures: [],
    };
    for await (const state of replay(parts(), run, runId)) run = state;
    return run;
  };

  it('is explained by a document that was missed, and by nothing that came after the answer', async () => {
    await say(117, 100);
    const found = await judgeAgain(parts(), [main], purpose);
    expect(found).toMatchObject({ levels: 1, different: 1, unexplained: [main] });
    await invoice('missed', 3, 50);
    await invoice('later', 5, 200);
    const judged = await judgeAgain(parts(), found.unexplained, { ...purpose, lookedUp: ['invoice:missed'] });
    expect(judged).toMatchObject({ levels: 1, equal: 1, corrected: 0, held: 0 });
    expect([await stockOf(main), await stockOf(north)]).toEqual([112, 120]);
  });

  it('is set right by what remains, and only where it differed', async () => {
    await say(117, 100, 119);
    await invoice('later', 5, 200);
    const judged = await judgeAgain(parts(), [main], { ...purpose, lookedUp: [] });
    expect(judged).toMatchObject({ levels: 1, corrected: 1, changedItems: [pen] });
    expect([await stockOf(main), await stockOf(north)]).toEqual([112, 120]);
  });

  it('waits when a document that was there has become void since, and was never seen before', async () => {
    await say(117, 100);
    await invoice('missed', 3, 50, { status: 'void', modifiedAt: at(150) });
    const judged = await judgeAgain(parts(), [main], { ...purpose, lookedUp: ['invoice:missed'] });
    expect(judged).toMatchObject({ undecided: 1, corrected: 0, held: 0, lookAgain: [pen] });
    expect(await stockOf(main)).toBe(120);
  });

  it('does not wait for one that was made and became void after the answer', async () => {
    await say(117, 100);
    await invoice('later', 3, 120, { status: 'void', modifiedAt: at(150) });
    const judged = await judgeAgain(parts(), [main], { ...purpose, lookedUp: [] });
    expect(judged).toMatchObject({ corrected: 1 });
    expect(await stockOf(main)).toBe(117);
  });

  it('by a replay: twice the same to the byte, and as a dry run nothing is written', async () => {
    await say(117, 100, 420);
    const before = await lastSequence(connection, naming.stream('STOCK'));
    const [first, second] = [await replayed(true), await replayed(true)];
    expect(first.stats).toMatchObject({ levels: 2, different: 2, corrected: 1, held: 1 });
    expect(second.verdictsDigest).toBe(first.verdictsDigest);
    expect(await lastSequence(connection, naming.stream('STOCK'))).toBe(before);

    expect((await replayed(false)).verdictsDigest).toBe(first.verdictsDigest);
    expect([await stockOf(main), await stockOf(north)]).toEqual([117, 120]);
    // What set the level since, and what is held since, is not judged by the same answer once more.
    expect((await replayed(false)).stats).toMatchObject({ equal: 0, undecided: 1, held: 1, corrected: 0 });
  });
});
