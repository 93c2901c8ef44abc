import type { ItemId, Naming } from '@tallystream/contracts';
import { backlog, type JetStreamConnection, messagesAfter } from '@tallystream/jetstream';
import { openRequests } from '@tallystream/ledger';

/** What is on its way for an item, in words, and whether it is another look, which has been asked for. */
export type InFlight = Readonly<{ why: string; isLook: boolean }>;

/** More unhandled webhooks than this are not searched: then everything counts as in flight. */
const MAX_SEARCHED = 200;

/**
 * What is still on its way for some items: webhooks that are stored and not handled, and
 * observations that were asked for. Only what waits is looked at, however long the streams are.
 * @param inHand sequences of the requests that are being served by the caller
 * @throws NatsUnavailable
 */
export const inFlight = async (
  connection: JetStreamConnection,
  naming: Naming,
  items: readonly ItemId[],
  inHand: ReadonlySet<number>,
): Promise<ReadonlyMap<ItemId, InFlight>> => {
  const [requests, named] = await Promise.all([
    openRequests(connection, naming, items),
    unhandledNames(connection, naming),
  ]);
  return new Map(
    items.flatMap((itemId): readonly (readonly [ItemId, InFlight])[] => {
      const others = (requests.get(itemId) ?? []).filter(({ seq, isNews }) => isNews && !inHand.has(seq));
      if (others.length > 0)
        return [[itemId, { why: 'another look at it has been asked for', isLook: true }]];
      const isNamed = named === 'too many' || named.has(itemId);
      return isNamed ? [[itemId, { why: 'a webhook is not handled yet', isLook: false }]] : [];
    }),
  );
};

/** Every word of every unhandled webhook: whatever item it speaks of, its id is among them. */
const unhandledNames = async (
  connection: JetStreamConnection,
  naming: Naming,
): Promise<ReadonlySet<string> | 'too many'> => {
  const waiting = await backlog(connection, naming, 'ZOHO_INBOX', 'translator');
  if (!waiting || waiting.pending + waiting.inHand === 0) return new Set();
  const messages = await messagesAfter(
    connection,
    naming.stream('ZOHO_INBOX'),
    naming.subject('zoho.inbox.>'),
    { after: waiting.acknowledged, max: MAX_SEARCHED + 1 },
  );
  if (messages.length > MAX_SEARCHED) return 'too many';
  return new Set(messages.flatMap(({ data }) => wordsOf(Buffer.from(data).toString())));
};

/** Bodies are JSON, or a form with JSON in it, in which every quotation mark is `%22`. */
export const wordsOf = (body: string): readonly string[] => body.split(/(?:%[0-9A-Fa-f]{2}|[^A-Za-z0-9_-])+/);
