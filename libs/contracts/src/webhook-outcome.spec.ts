import { webhookOutcomeSchema, webhookStatuses } from './webhook-outcome';

const outcome = {
  sequence: 42,
  entity: 'invoice',
  event: 'created',
  receivedAt: '2026-01-07T10:31:02.417Z',
  status: 'applied',
  document: { type: 'invoice', id: '2646610000012345678', number: 'INV-000123' },
  effect: 'onHand -2.5 in 1 level',
};

describe('the outcome of a webhook', () => {
  it.each(webhookStatuses)('may be %s', (status) => {
    expect(webhookOutcomeSchema.parse({ ...outcome, status })).toEqual({ ...outcome, status });
  });

  it.each([
    { what: 'an unknown status', misfit: { status: 'lost' } },
    { what: 'no sequence', misfit: { sequence: undefined } },
    { what: 'a negative sequence', misfit: { sequence: -1 } },
    { what: 'a time that is none', misfit: { receivedAt: 'today' } },
    { what: 'a document without id', misfit: { document: { type: 'invoice' } } },
  ])('given $what, is refused', ({ misfit }) => {
    expect(webhookOutcomeSchema.safeParse({ ...outcome, ...misfit }).success).toBe(false);
  });
});
