import { eventually } from '@tallystream/testing';
import { type Random, randomFrom, seedOfRun } from '../random';
import { type Effect, kinds, type Line } from './fuzz-documents';
import { faultsOf, readStreams } from './fuzz-ledger';
import { intact, mutated, type Webhook } from './fuzz-mutations';
import { type Answer, inParallel, openSender } from './fuzz-sender';
import { openStores, type Stores } from './stores';
import { SALES_WAREHOUSE, type System, startSystem, WEBHOOK_SECRET } from './system';

const MUTATED = 20_000;
const INTACT_DOCUMENTS = 600;
const CONNECTIONS = 64;
/** No measures of speed: a machine that does much else at the time takes as long as it takes. */
const SENT_WITHIN_MS = 600_000;
const HANDLED_WITHIN_MS = 120_000;

type Sent = Readonly<{ webhook: Webhook; answer: Answer }>;

const seed = seedOfRun();

describe(`${MUTATED} mutated webhooks (TALLY_SEED=${seed})`, () => {
  let system: System;
  let stores: Stores;
  let pid: number | undefined;
  const sent: Sent[] = [];
  const random = randomFrom(seed);
  const healthy = intactDocuments(random);

  beforeAll(async () => {
    system = await startSystem();
    pid = system.pid();
    stores = await openStores(system);
    const sender = openSender(system.url, WEBHOOK_SECRET, CONNECTIONS);
    const wild = Array.from({ length: MUTATED }, () => mutated(random, wildContent(random)));
    await inParallel(random.shuffled([...wild, ...healthy.webhooks]), CONNECTIONS, async (webhook) => {
      sent.push({ webhook, answer: await sender.post(webhook) });
    });
    sender.close();
  }, SENT_WITHIN_MS);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it('no 5xx, no crash, and nearly all of them get in', () => {
    const count = (low: number) => sent.filter(({ answer }) => Math.floor(answer.status / 100) === low);
    expect(count(5).slice(0, 5).map(shown)).toEqual([]);
    expect(count(2).length + count(4).length).toBe(MUTATED + healthy.webhooks.length);
    // What is refused has a path or an encoding that no signature can mend; it is stored nowhere.
    expect(count(4).length).toBeLessThan(MUTATED / 50);
    expect(
      count(4)
        .filter(({ webhook }) => healthy.webhooks.includes(webhook))
        .map(shown),
    ).toEqual([]);
    expect([system.pid(), system.isAlive()]).toEqual([pid, true]);
  });

  it(
    'each accepted one is in the log with its outcome',
    async () => {
      const accepted = new Set(sent.flatMap(({ answer }) => (answer.status === 202 ? [idIn(answer)] : [])));
      const duplicates = sent.filter(({ answer }) => answer.status === 202 && isDuplicate(answer)).length;
      const answered = sent.filter(({ answer }) => answer.status === 202).length;
      expect(accepted.size).toBe(answered - duplicates);
      await eventually(async () => {
        const [{ pending, total }] = await stores.sql(
          "SELECT count(*) FILTER (WHERE status = 'pending') AS pending, count(*) AS total FROM webhook_log",
        );
        expect([Number(pending), Number(total)]).toEqual([0, accepted.size]);
      }, HANDLED_WITHIN_MS);
      const rows = await stores.sql('SELECT sequence FROM webhook_log');
      expect(rows.filter(({ sequence }) => !accepted.has(String(sequence)))).toEqual([]);
      // Every kind of outcome occurred: else the mutations were too tame, or too wild, to mean anything.
      const statuses = await stores.sql('SELECT DISTINCT status FROM webhook_log');
      expect(statuses.map(({ status }) => status).sort()).toEqual(['applied', 'dead', 'ignored', 'stale']);
    },
    2 * HANDLED_WITHIN_MS,
  );

  it(
    'no event with a wrong number, a dead letter for each dead one, the intact ones counted to the unit',
    async () => {
      const { changes, last, deadLetters } = await readStreams(system.servers.natsUrl, system.naming);
      expect(faultsOf(changes).slice(0, 5)).toEqual([]);
      const [{ dead }] = await stores.sql("SELECT count(*) AS dead FROM webhook_log WHERE status = 'dead'");
      expect(deadLetters).toBe(Number(dead));

      const newest = new Map(changes.map(({ level, after }) => [level, after]));
      const wrong = [...healthy.expected].flatMap(([level, expected]) => {
        const after = newest.get(level);
        const got = Object.fromEntries(Object.keys(expected).map((name) => [name, after?.[name]]));
        return isSame(got, expected) ? [] : [{ level, got, expected }];
      });
      expect(wrong.slice(0, 5)).toEqual([]);

      // The projections have swallowed all of it, too.
      await eventually(async () => {
        expect(await stores.auditCount()).toBe(last);
        const rows = await stores.balances();
        const inPostgres = new Map(
          rows.map((row) => [`${row.warehouse_id}.${row.item_id}`, Number(row.on_hand)]),
        );
        expect(inPostgres).toEqual(new Map([...newest].map(([level, after]) => [level, after.onHand])));
        const { status } = await fetch(`${system.url}/health/ready`);
        expect(status).toBe(200);
      }, HANDLED_WITHIN_MS);
    },
    2 * HANDLED_WITHIN_MS,
  );
});

const wildContent = (random: Random) => {
  // A small world, so that versions of one document meet.
  const id = `8800000000000${100_000 + random.below(4_000)}`;
  const lines: readonly Line[] = Array.from({ length: 1 + random.below(3) }, (_, n) => ({
    item: `88000000000000000${10 + n * 20 + random.below(20)}`,
    warehouse: SALES_WAREHOUSE,
    quantity: random.pick([1, 2, 5, 0.5, 0.1, 12.345678]),
  }));
  return { id, version: 1 + random.below(100), lines };
};

/** Documents of every type in versions out of order, on levels that no mutated one knows; and what they come to. */
function intactDocuments(random: Random) {
  const webhooks: Webhook[] = [];
  const expected = new Map<string, Record<string, number>>();
  for (let n = 0; n < INTACT_DOCUMENTS; n += 1) {
    const kind = random.pick(kinds);
    const versions = Array.from({ length: 1 + random.below(3) }, (_, version) => ({
      id: `7755550000000${100_000 + n}`,
      version: version + 1,
      lines: [0, 1].map((line) => ({
        item: `77555500000000000${10 + line * 20 + random.below(20)}`,
        warehouse: SALES_WAREHOUSE,
        quantity: 1 + random.below(9),
      })),
    }));
    for (const content of versions) webhooks.push(intact({ [kind.root]: kind.fields(content) }));
    const last = versions.at(-1);
    if (last) add(expected, kind.effect(last));
  }
  return { webhooks, expected };
}

function add(levels: Map<string, Record<string, number>>, effect: Effect): void {
  for (const [level, delta] of Object.entries(effect)) {
    const before = levels.get(level) ?? {};
    for (const [name, value] of Object.entries(delta)) before[name] = (before[name] ?? 0) + value;
    levels.set(level, before);
  }
}

const isSame = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(b).every(([name, value]) => (a[name] ?? 0) === value);

const answerOf = (answer: Answer): Readonly<{ id: string; duplicate: boolean }> => JSON.parse(answer.text);
const idIn = (answer: Answer): string => answerOf(answer).id;
const isDuplicate = (answer: Answer): boolean => answerOf(answer).duplicate;

const shown = ({ webhook, answer }: Sent) => ({
  answer: `${answer.status} ${answer.text.slice(0, 300)}`,
  request: `${webhook.path}?${webhook.query} ${webhook.contentType}`,
  body: webhook.body.toString('utf8').slice(0, 500),
});
