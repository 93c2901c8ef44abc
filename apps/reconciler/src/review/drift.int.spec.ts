import { randomUUID } from 'node:crypto';
import { type INestApplication, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  type DriftDetected,
  type DriftId,
  type DriftResolved,
  documentIdSchema,
  driftIdSchema,
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type Naming,
  Problem,
  runIdSchema,
  type Side,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import {
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  lastMessage,
  publish,
  publishBatch,
} from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { type Database, type DriftEvent, writeCatalogue } from '@tallystream/projection-store';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { DRIFT_DECISIONS, DRIFTS } from '../tokens';
import { DriftController } from './drift.controller';
import type { DriftDecisions } from './drift-decisions';
import { reviewBody, reviewControllers, reviewProviders } from './review';

jest.setTimeout(60_000);

const OPERATOR = 'operator-key-of-the-test';
const AUDITOR = 'auditor-key-of-the-test';
const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const id = (text: string): DriftId => driftIdSchema.parse(text);
const sweep = { kind: 'sync', id: 'run-1', actor: 'reconciler' } as const;
const pen = itemIdSchema.parse('pen');
const main = warehouseIdSchema.parse('main');

const outgoing = (naming: Naming, event: DriftEvent) => ({
  subject: naming.driftSubject(event.data.driftId),
  ...encodeEvent(event, { id: randomUUID(), time: new Date().toISOString() }),
});

/** Stands in for the ledger's: decides on the newest event of the drift, with an expectation, and moves no level. */
const decisionsOnStream = (connection: JetStreamConnection, naming: Naming): DriftDecisions => {
  const decide = async (
    driftId: DriftId,
    resolution: 'approved' | 'rejected',
    { actor, note }: Readonly<{ actor: string; note?: string }>,
  ): Promise<DriftResolved> => {
    const last = await lastMessage(connection, naming.stream('STOCK'), naming.driftSubject(driftId));
    if (!last) throw new Problem('not_found', `There is no drift ${driftId}.`);
    const { event } = storedEvent(last);
    const notOpen = new Problem('conflict', `The drift ${driftId} is not open any more.`);
    if (event.type !== 'DriftDetected') throw notOpen;
    const { itemId, warehouseId, side, asOf } = event.data;
    const data: DriftResolved = {
      driftId,
      itemId,
      warehouseId,
      side,
      resolution,
      ...(note ? { note } : {}),
      ...(resolution === 'approved' ? { asOf } : {}),
      cause: { kind: 'drift', id: driftId, actor },
      occurredAt: at(1_000),
    };
    const message = { ...outgoing(naming, { type: 'DriftResolved', data }), expectedSubjectSeq: last.seq };
    await publish(connection, message).catch((error: unknown) => {
      throw error instanceof CommitConflict ? notOpen : error;
    });
    return data;
  };
  return {
    approve: (driftId, by) => decide(driftId, 'approved', by),
    reject: (driftId, by) => decide(driftId, 'rejected', by),
  };
};

@Module({
  controllers: reviewControllers,
  providers: [
    ...reviewProviders,
    { provide: DRIFT_DECISIONS, inject: [JETSTREAM, NAMING], useFactory: decisionsOnStream },
  ],
})
class ReviewModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(reviewBody).forRoutes(DriftController);
  }
}

describe('the review of drifts', () => {
  const { natsUrl, databaseUrl } = testServers();
  const { namespace } = freshNaming();
  let app: INestApplication;
  let url: string;
  let naming: Naming;
  let connection: JetStreamConnection;

  const start = async (): Promise<void> => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      NAMESPACE: namespace,
      API_KEYS: `layla:operator:${OPERATOR},books:auditor:${AUDITOR}`,
      LOG_LEVEL: 'silent',
    });
    const root = { module: class App {}, imports: [platformModule(config), JetStreamModule, ReviewModule] };
    app = await NestFactory.create(root, { logger: false, bodyParser: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    naming = app.get(NAMING);
    connection = app.get(JETSTREAM);
    await connection.ready();
  };
  const database = () => app.get<Database>(DRIFTS);

  const send = async (path: string, init: RequestInit = {}, key = OPERATOR) => {
    const response = await fetch(`${url}/${path}`, {
      ...init,
      headers: { 'x-api-key': key, ...init.headers },
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      body: text.startsWith('{') ? JSON.parse(text) : text,
    };
  };
  const list = (query = '') => send(`reconciliation/drift${query}`);
  const ids = async (query: string): Promise<string[]> =>
    (await list(query)).body.items.map(({ driftId }: { driftId: string }) => driftId);
  const post = (path: string, body?: unknown) =>
    send(`reconciliation/drift/${path}`, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });

  const found = (driftId: string, rest: Partial<DriftDetected> = {}): DriftDetected => ({
    driftId: id(driftId),
    itemId: pen,
    warehouseId: main,
    side: 'accounting',
    verdict: 'held',
    difference: { onHand: 40 },
    zoho: { ...zero, onHand: 160.3 },
    ledger: { ...zero, onHand: 120.3, reserved: 0.000001 },
    revision: 42,
    asOf: at(10),
    runId: runIdSchema.parse('run-1'),
    lookedUp: ['bill:17'],
    lastEvents: [
      {
        revision: 42,
        reason: 'sale',
        delta: { onHand: -2.5 },
        document: {
          type: 'invoice',
          id: documentIdSchema.parse('17'),
          number: 'فاتورة-17',
          version: at(5),
        },
        cause: { kind: 'webhook', id: '8841', actor: 'zoho' },
        occurredAt: at(5),
      },
    ],
    cause: sweep,
    occurredAt: at(10),
    ...rest,
  });
  /** Publishes drifts and waits until all are projected. */
  const detect = async (...drifts: readonly DriftDetected[]): Promise<void> => {
    await eventually(() =>
      publishBatch(
        connection,
        drifts.map((drift) => ({
          ...outgoing(naming, { type: 'DriftDetected', data: drift }),
          expectedSubjectSeq: 0,
        })),
      ),
    );
    for (const { driftId } of drifts)
      await eventually(async () => expect((await send(`reconciliation/drift/${driftId}`)).status).toBe(200));
  };
  const openBySide = async (): Promise<Partial<Record<Side, number>>> => {
    const { body } = await send('metrics');
    const lines = [...String(body).matchAll(/^tally_drift_open\{side="(\w+)"\} (\d+)$/gm)];
    return Object.fromEntries(lines.map(([, side, count]) => [side, Number(count)]));
  };

  const expectInvalid = ({ status, type, body }: Awaited<ReturnType<typeof send>>, field: string) => {
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(type).toContain('application/problem+json');
    const paths: readonly string[] = body.errors.map(({ path }: { path: string }) => path);
    expect([...new Set(paths)]).toEqual([field]);
  };

  beforeAll(async () => {
    await start();
    const event = { cause: sweep, occurredAt: at(0) };
    await eventually(() =>
      database().transaction((manager) =>
        writeCatalogue(manager, [
          {
            seq: streamSeq(1),
            event: {
              type: 'ItemCatalogued',
              data: { itemId: pen, name: 'Pen', sku: 'P-1', status: 'active', tracksStock: true, ...event },
            },
          },
          {
            seq: streamSeq(2),
            event: {
              type: 'WarehouseCatalogued',
              data: { warehouseId: main, name: 'Main', status: 'active', isPrimary: true, ...event },
            },
          },
        ]),
      ),
    );
  });
  afterEach(() => database().query('TRUNCATE drifts'));
  afterAll(async () => {
    await database().query(`DROP SCHEMA "${namespace}" CASCADE`);
    await app.close();
  });

  it('shows an open drift with names, and on request with its evidence', async () => {
    const drift = found('shown');
    await detect(drift);
    const row = {
      driftId: 'shown',
      itemId: 'pen',
      itemName: 'Pen',
      sku: 'P-1',
      warehouseId: 'main',
      warehouseName: 'Main',
      side: 'accounting',
      verdict: 'held',
      status: 'open',
      difference: { onHand: 40 },
      detectedAt: at(10),
      seq: expect.any(Number),
    };
    const { status, body } = await list();
    expect([status, body]).toEqual([200, { items: [row], nextCursor: null }]);
    expect((await send('reconciliation/drift/shown')).body).toEqual({ ...row, evidence: drift });
  });

  it('filters and pages, the last one found first', async () => {
    const shop = warehouseIdSchema.parse('shop');
    const ink = itemIdSchema.parse('ink');
    await detect(
      found('f-1', { occurredAt: at(1) }),
      found('f-2', { occurredAt: at(2), side: 'physical', itemId: ink }),
      found('f-3', { occurredAt: at(3), warehouseId: shop, verdict: 'corrected' }),
    );
    expect(await ids('')).toEqual(['f-3', 'f-2', 'f-1']);
    expect(await ids('?status=open')).toEqual(['f-2', 'f-1']);
    expect(await ids('?status=corrected')).toEqual(['f-3']);
    expect(await ids('?item=ink')).toEqual(['f-2']);
    expect(await ids('?warehouse=shop')).toEqual(['f-3']);
    expect(await ids(`?from=${at(2)}&to=${at(3)}`)).toEqual(['f-2']);
    expect(await ids('?status=vanished')).toEqual([]);

    const first = await list('?limit=2');
    expect(first.body.items).toHaveLength(2);
    expect(await ids(`?limit=2&cursor=${first.body.nextCursor}`)).toEqual(['f-1']);
  });

  it('approves in the name of the key, with a note; the row follows', async () => {
    await detect(found('good'));
    const note = 'عدّ المستودع:\n160 قطعة';
    const decided = await post('good/approve', { note: `  ${note} ` });
    expect(decided.status).toBe(200);
    expect(decided.body).toEqual({
      driftId: 'good',
      itemId: 'pen',
      warehouseId: 'main',
      side: 'accounting',
      resolution: 'approved',
      note,
      asOf: at(10),
      cause: { kind: 'drift', id: 'good', actor: 'layla' },
      occurredAt: at(1_000),
    });
    await eventually(async () =>
      expect((await send('reconciliation/drift/good')).body).toMatchObject({
        status: 'approved',
        resolved: { at: at(1_000), actor: 'layla', note, asOf: at(10), seq: expect.any(Number) },
        evidence: { driftId: 'good' },
      }),
    );
    expect(await ids('?status=open')).toEqual([]);
  });

  it('rejects with a note', async () => {
    await detect(found('wrong'));
    expect((await post('wrong/reject', { note: 'counted twice' })).body).toMatchObject({
      resolution: 'rejected',
      note: 'counted twice',
    });
    await eventually(async () => expect(await ids('?status=rejected')).toEqual(['wrong']));
  });

  it.each([
    ['no body', {}],
    ['an empty one', { body: '', headers: { 'content-type': 'application/json' } }],
    ['an empty object', { body: '{}', headers: { 'content-type': 'application/json' } }],
  ])('approves without a note, given %s', async (_what, init) => {
    const driftId = `noteless-${randomUUID()}`;
    await detect(found(driftId));
    const { status, body } = await send(`reconciliation/drift/${driftId}/approve`, {
      method: 'POST',
      ...init,
    });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('note');
  });

  it('keeps a note that came without a content type of JSON', async () => {
    await detect(found('curl'));
    const init = {
      method: 'POST',
      body: '{"note":"by curl -d"}',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect((await send('reconciliation/drift/curl/approve', init)).body).toMatchObject({
      note: 'by curl -d',
    });
  });

  it('of two decisions at once, one holds: the other gets 409, by whatever the row says', async () => {
    await detect(found('raced'));
    const answers = await Promise.all([
      post('raced/approve', { note: 'first' }),
      post('raced/approve', { note: 'second' }),
      post('raced/reject', { note: 'third' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    for (const { status, type, body } of answers.filter((answer) => answer.status !== 200)) {
      expect(type).toContain('application/problem+json');
      expect(body).toMatchObject({ status, code: 'conflict', title: expect.any(String) });
    }
    // Even to one who still sees it open.
    await database().query(
      `UPDATE drifts SET resolved_sequence = NULL, resolution = NULL WHERE drift_id = 'raced'`,
    );
    expect((await post('raced/approve')).body).toMatchObject({ status: 409, code: 'conflict' });
  });

  it.each([
    ['GET', 'reconciliation/drift/nobody'],
    ['POST', 'reconciliation/drift/nobody/approve'],
  ])('%s %s: 404', async (method, path) => {
    const { status, type, body } = await send(path, { method });
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(type).toContain('application/problem+json');
  });

  it.each([
    ['?status=closed', 'status'],
    ['?status=', 'status'],
    ['?item=a.b', 'item'],
    ['?warehouse=a%20b', 'warehouse'],
    ['?from=yesterday', 'from'],
    ['?to=2026-02-30T00:00:00Z', 'to'],
    ['?limit=0', 'limit'],
    ['?limit=501', 'limit'],
    ['?limit=ten', 'limit'],
    ['?cursor=forged', 'cursor'],
    ['?status=open&status=rejected', 'status'],
    ['?colour=red', 'colour'],
    ['/a.b', 'id'],
    [`/${'a'.repeat(65)}`, 'id'],
  ])('GET %s: 400, naming %s', async (tail, field) => {
    expectInvalid(await list(tail), field);
  });

  it('refuses a cursor that is longer than any of ours', async () => {
    expectInvalid(await list(`?cursor=${'a'.repeat(501)}`), 'cursor');
  });

  it.each([
    ['untouched/reject', 'note', undefined],
    ['untouched/reject', 'note', {}],
    ['untouched/reject', 'note', { note: '' }],
    ['untouched/reject', 'note', { note: ' \n ' }],
    ['untouched/reject', 'note', { note: null }],
    ['untouched/reject', 'note', { note: 5 }],
    ['untouched/reject', 'note', { note: 'a\u0000b' }],
    ['untouched/reject', 'note', { note: 'a\ud800b' }],
    ['untouched/reject', 'note', { note: 'n'.repeat(1_001) }],
    ['untouched/reject', 'by', { note: 'fine', by: 'me' }],
    ['untouched/reject', '(root)', ['fine']],
    ['untouched/approve', 'note', { note: '' }],
    ['untouched/approve', 'notes', { notes: 'fine' }],
    ['a.b/approve', 'id', {}],
    ['a.b/reject', 'id', { note: 'fine' }],
  ])('POST %s: 400, naming %s (%#)', async (path, field, body) => {
    expectInvalid(await post(path, body), field);
  });

  it.each([
    ['not JSON', '{"note":', 400, 'invalid_request'],
    ['no object', '"fine"', 400, 'invalid_request'],
    ['too large', JSON.stringify({ note: 'n'.repeat(70_000) }), 413, 'body_too_large'],
  ])('a body that is %s is refused, and nothing decided', async (_what, text, status, code) => {
    const driftId = `kept-${randomUUID()}`;
    await detect(found(driftId));
    const answer = await send(`reconciliation/drift/${driftId}/approve`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.type).toContain('application/problem+json');
    expect((await post(`${driftId}/approve`)).status).toBe(200);
  });

  it.each([
    ['GET', 'reconciliation/drift'],
    ['GET', 'reconciliation/drift/some'],
    ['POST', 'reconciliation/drift/some/approve'],
    ['POST', 'reconciliation/drift/some/reject'],
  ])('%s %s needs the key of an operator', async (method, path) => {
    expect((await send(path, { method }, 'not-one-of-ours')).body).toMatchObject({ status: 401 });
    expect((await send(path, { method }, AUDITOR)).body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('counts the open ones by side in the metrics', async () => {
    expect(await openBySide()).toEqual({ accounting: 0, physical: 0 });
    await detect(
      found('m-1'),
      found('m-2'),
      found('m-3', { side: 'physical' }),
      found('m-4', { verdict: 'corrected' }),
    );
    expect(await openBySide()).toEqual({ accounting: 2, physical: 1 });
    await post('m-1/approve');
    await eventually(async () => expect(await openBySide()).toEqual({ accounting: 1, physical: 1 }));
  });

  it('describes itself: parameters, bodies and answers', () => {
    const document = cleanupOpenApiDoc(
      SwaggerModule.createDocument(app, new DocumentBuilder().setOpenAPIVersion('3.1.0').build()),
    );
    const operations = [
      document.paths['/reconciliation/drift']?.get,
      document.paths['/reconciliation/drift/{id}']?.get,
      document.paths['/reconciliation/drift/{id}/approve']?.post,
      document.paths['/reconciliation/drift/{id}/reject']?.post,
    ];
    const outlines = operations.map((operation) => ({
      parameters: operation?.parameters?.map((parameter) => ('name' in parameter ? parameter.name : '')),
      body: operation?.requestBody !== undefined,
      answers: Object.keys(operation?.responses ?? {}),
    }));
    const filters = ['status', 'item', 'warehouse', 'from', 'to', 'limit', 'cursor'];
    expect(outlines).toEqual([
      { parameters: filters, body: false, answers: ['200'] },
      { parameters: ['id'], body: false, answers: ['200', '404'] },
      { parameters: ['id'], body: true, answers: ['200', '404', '409'] },
      { parameters: ['id'], body: true, answers: ['200', '404', '409'] },
    ]);
    const schemas = document.components?.schemas ?? {};
    expect(schemas.DriftDto_Output).toMatchObject({
      required: expect.arrayContaining(['driftId', 'side', 'status', 'difference', 'evidence']),
      properties: { evidence: expect.anything(), resolved: expect.anything() },
    });
    expect(schemas.RejectBody).toMatchObject({
      required: ['note'],
      properties: { note: { type: 'string' } },
    });
    expect(schemas.ApproveBody).toMatchObject({ properties: { note: { type: 'string' } } });
    expect(schemas.ApproveBody).not.toHaveProperty('required');
  });

  it('after a restart goes on where it stood; from the beginning, says the same again', async () => {
    await detect(found('kept'), found('decided'));
    await post('decided/reject', { note: 'no' });
    await eventually(async () => expect(await ids('?status=rejected')).toEqual(['decided']));
    await app.close();
    await start();
    await detect(found('later'));
    expect(await ids('')).toEqual(['later', 'decided', 'kept']);

    const rows = () => database().query('SELECT * FROM drifts ORDER BY drift_id');
    const before = await rows();
    await database().query(`DELETE FROM projection_checkpoints WHERE projection = 'drift'; TRUNCATE drifts`);
    await app.close();
    await start();
    await eventually(async () => expect(await rows()).toEqual(expect.arrayContaining([...before])), 20_000);
  });
});
