import { instantFrom } from '@tallystream/contracts';
import { JetStreamServer } from '@tallystream/jetstream';
import { makePartitionsAhead, PostgresProjection } from '@tallystream/projection-store';
import { postgresStore } from '@tallystream/rebuild';
import { readAnchors } from './anchors';
import { auditFold, audit as consumer } from './audit.projector';
import { recordedEventOf } from './recorded-event';
import { type AuditApp, ink, observe, pen, sell, startAuditApp } from './spec/audit-app';
import { TrailKeeper } from './trail-keeper';

jest.setTimeout(120_000);

describe('tamper evidence over a real ledger', () => {
  let audit: AuditApp;
  let keeper: TrailKeeper;
  const EVENTS = 8;
  const today = Date.UTC(2026, 10, 22, 0, 0, 30);

  beforeEach(async () => {
    audit = await startAuditApp();
    keeper = audit.app.get(TrailKeeper);
    // Only when it is told to: not on a minute that happens to pass.
    await keeper.onApplicationShutdown();
    const { ledger } = audit;
    await observe(ledger, pen, 120);
    await observe(ledger, ink, 50);
    await sell(ledger, '7', 10, [pen, ink]);
    await sell(ledger, '7', 12, [pen]);
    await audit.taken(EVENTS);
  });
  afterEach(() => audit?.stop());

  const verify = async (range = '') => (await audit.ask(`verify${range}`)).body;
  const tamper = (...statements: readonly string[]) =>
    audit.database.transaction(async (manager) => {
      await manager.query(`SET LOCAL session_replication_role = 'replica'`);
      for (const statement of statements) await manager.query(statement);
    });
  const hashes = async () =>
    (
      await audit.database.query<{ hash: string }>(
        `SELECT encode(hash, 'hex') AS hash FROM audit_events ORDER BY sequence`,
      )
    ).map(({ hash }) => hash);

  it('a trail that nobody touched is well, and a reader who is gone is not waited for', async () => {
    expect(await verify()).toMatchObject({ ok: true, checked: EVENTS, firstBroken: null });
    const gone = new AbortController();
    const asked = audit.fetch('verify', { signal: gone.signal });
    gone.abort();
    await expect(asked).rejects.toThrow();
    expect(await verify()).toMatchObject({ ok: true });
  });

  it.each([
    [
      'edits',
      [`UPDATE audit_events SET data = replace(data, '-10', '-11') WHERE sequence = 4`],
      4,
      'changed',
    ],
    ['deletes', ['DELETE FROM audit_events WHERE sequence = 4'], 4, 'missing'],
    [
      'inserts',
      [
        'CREATE TEMPORARY TABLE forged ON COMMIT DROP AS SELECT * FROM audit_events WHERE sequence = 4',
        'UPDATE forged SET sequence = 4711',
        'INSERT INTO audit_events SELECT * FROM forged',
      ],
      4711,
      'unknown',
    ],
    [
      'reorders',
      [
        'UPDATE audit_events SET sequence = 4711 WHERE sequence = 4',
        'UPDATE audit_events SET sequence = 4 WHERE sequence = 5',
        'UPDATE audit_events SET sequence = 5 WHERE sequence = 4711',
      ],
      4,
      'changed',
    ],
  ] as const)('whoever %s rows is found', async (_what, statements, seq, fault) => {
    await tamper(...statements);
    expect(await verify()).toMatchObject({ ok: false, firstBroken: { seq, fault } });
  });

  it('the trail is anchored once a day, by its owner, events or not', async () => {
    await keeper.keep(today);
    await keeper.keep(today + 3_600_000);
    await keeper.keep(today + 24 * 3_600_000);
    const anchors = await readAnchors(audit.connection, audit.naming);
    const last = (await hashes()).at(-1);
    expect(anchors).toEqual(
      [today, today + 24 * 3_600_000].map((time) => ({ seq: EVENTS, hash: last, time: instantFrom(time) })),
    );
    expect(await verify()).toMatchObject({ ok: true, anchors: 1 });
  });

  it('a second owner on the same day does not write another anchor', async () => {
    await keeper.keep(today);
    const second = new TrailKeeper(
      audit.app.get(PostgresProjection),
      audit.database,
      audit.connection,
      audit.naming,
    );
    await second.keep(today + 60_000);
    expect(await readAnchors(audit.connection, audit.naming)).toHaveLength(1);
  });

  it('cutting off the end together with the checkpoint is found by the anchor', async () => {
    await keeper.keep(today);
    // Nobody must take the events again meanwhile.
    await audit.app.get(JetStreamServer).close();
    await tamper(
      'DELETE FROM audit_events WHERE sequence > 5',
      `UPDATE projection_checkpoints SET sequence = 5 WHERE projection = 'audit-trail'`,
    );
    expect(await verify()).toMatchObject({ ok: false, firstBroken: { seq: EVENTS, fault: 'missing' } });
  });

  it('made again from the stream it has the same hashes, is searched as before, and has months ahead', async () => {
    const before = await hashes();
    const { connection, naming, databaseUrl: url } = audit;
    const trail = postgresStore({
      connection,
      naming,
      store: 'audit-trail',
      live: audit.database,
      url,
      madeOf: [{ consumer, read: recordedEventOf, fold: auditFold }],
    });
    const options = { dryRun: false, signal: new AbortController().signal, progress: () => undefined };
    const report = await trail.rebuild(options);
    expect(report).toMatchObject({ isSame: true, swapped: true });
    expect(await hashes()).toEqual(before);
    expect(await verify()).toMatchObject({ ok: true, checked: EVENTS });
    const { body } = await audit.ask('events?warehouse=main&reason=sale');
    expect(body.items).toHaveLength(4);
    await makePartitionsAhead(audit.database, instantFrom(Date.UTC(2031, 0, 1)));
    await sell(audit.ledger, '8', 10, [pen]);
    await audit.taken(EVENTS + 2);
    expect(await verify()).toMatchObject({ ok: true, checked: EVENTS + 2 });
    await expect(audit.database.query('DELETE FROM audit_events')).rejects.toMatchObject({ code: '42501' });
  });
});
