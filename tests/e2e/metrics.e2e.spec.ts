import { lastMessage, openConnection } from '@tallystream/jetstream';
import { eventually } from '@tallystream/testing';
import { ITEM, invoiceBody, SALES_WAREHOUSE, type System, someId, startSystem } from './system';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const quiet = { info: () => undefined, warn: () => undefined };

describe('what a webhook leaves behind', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem({ env: { WATCH_EVERY_SECONDS: '1' } });
  }, 60_000);
  afterAll(() => system?.stop());

  const metrics = async () => (await fetch(`${system.url}/metrics`)).text();
  const newestEvent = async () => {
    const connection = openConnection({ url: system.servers.natsUrl, name: 'metrics.e2e.spec' }, quiet);
    try {
      await connection.ready();
      const subject = system.naming.subject(`stock.changed.${SALES_WAREHOUSE}.${ITEM}`);
      return await lastMessage(connection, system.naming.stream('STOCK'), subject);
    } finally {
      await connection.close();
    }
  };

  it('the metrics of its way, to the last store', async () => {
    expect((await system.post(invoiceBody(1, { id: someId() }))).status).toBe(202);
    // A store that begins empty is not timed: the second webhook finds it at work.
    await eventually(async () =>
      expect(await metrics()).toMatch(/consumer_handled_total\{consumer="audit-trail"\} [1-9]/),
    );
    expect((await system.post(invoiceBody(2, { id: someId() }))).status).toBe(202);
    await eventually(async () => {
      const text = await metrics();
      for (const store of ['postgres', 'redis', 'audit'])
        expect(text).toMatch(new RegExp(`^tally_end_to_end_seconds_count\\{store="${store}"\\} [1-9]`, 'm'));
      expect(text).toMatch(/^tally_webhook_answer_seconds_count [2-9]/m);
      expect(text).toMatch(/^tally_ledger_events_total\{type="StockChanged"\} [2-9]/m);
      expect(text).toMatch(/^tally_projection_lag_events\{projection="balances"\} 0$/m);
      expect(text).toMatch(/^tally_consumer_waiting\{consumer="translator"\} 0$/m);
      expect(text).toMatch(/^tally_alert\{name="backlog",severity="critical"\} 0$/m);
      expect(text).toMatch(/route="\/api\/webhooks\/zoho",status="202"/);
      expect(text).toMatch(/^process_cpu_seconds_total /m);
    });
  });

  it('its trace in the headers of the events, and no trace that is none', async () => {
    const send = async (traceparent: string) => {
      const { body } = await system.post(invoiceBody(1, { id: someId() }), { headers: { traceparent } });
      return eventually(async () => {
        const event = await newestEvent();
        expect(JSON.parse(Buffer.from(event?.data ?? []).toString()).cause.id).toBe(body.id);
        return event;
      });
    };
    expect((await send(TRACE))?.header('traceparent')).toBe(TRACE);
    const untraced = await send('00-<script>');
    expect(untraced?.header('traceparent')).toBeUndefined();
    expect(untraced?.header('ce-receivedat')).toEqual(expect.any(String));
  });
});
