import type { Random } from '../random';
import { anyDocument, type Content, type Fields } from './fuzz-documents';
import {
  oddContentTypes,
  oddEvents,
  oddNumbers,
  oddPaths,
  oddStatuses,
  oddTexts,
  oddTimes,
  wholeBodies,
} from './fuzz-values';

/** A request as it will go out; the sender signs it. */
export type Webhook = Readonly<{
  path: string;
  query: string;
  contentType: string | undefined;
  body: Buffer;
}>;

export const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

export const intact = (document: Fields): Webhook => ({
  path: '/api/webhooks/zoho',
  query: '',
  contentType: JSON_TYPE,
  body: Buffer.from(JSON.stringify(document)),
});

/** A document spoiled in one way or several: in its tree, in its bytes, in how it is sent. */
export const mutated = (random: Random, content: Content): Webhook => {
  const tree = treeOf(anyDocument(random, content));
  const changes = random.pick([0, 1, 1, 2]);
  for (let n = 0; n < changes; n += 1) random.pick(treeMutations)(random, tree);
  let webhook: Webhook = { ...intact({}), body: Buffer.from(tree.text()) };
  if (changes === 0 || random.chance(0.15)) webhook = random.pick(byteMutations)(random, webhook);
  if (random.chance(0.25)) webhook = random.pick(sendMutations)(random, webhook);
  return webhook;
};

type Place = Readonly<{ holder: Record<string, unknown>; key: string }>;

/** A document whose values can be put in as raw JSON, and whose every place can be found. */
const treeOf = (document: Fields) => {
  const raw: string[] = [];
  const root: Fields = { document };
  const placesIn = (holder: Record<string, unknown>): Place[] =>
    Object.entries(holder).flatMap(([key, value]) => [
      { holder, key },
      ...(typeof value === 'object' && value !== null ? placesIn(value as Record<string, unknown>) : []),
    ]);
  return {
    /** Never none: of a document that has lost everything, the whole. */
    places: (): readonly Place[] => {
      const [whole, ...inside] = placesIn(root);
      return inside.length > 0 ? inside : [whole ?? { holder: root, key: 'document' }];
    },
    put: ({ holder, key }: Place, json: string) => {
      holder[key] = `@raw:${raw.push(json) - 1}@`;
    },
    text: () => {
      const written = JSON.stringify(root.document) ?? 'null';
      // Twice: a raw value may hold another one that was put in before it.
      const filled = (text: string) =>
        text.replace(/"@raw:(\d+)@"/g, (_, index) => raw[Number(index)] ?? '0');
      return filled(filled(written));
    },
  };
};

type Tree = ReturnType<typeof treeOf>;

const named = (tree: Tree, pattern: RegExp): readonly Place[] => {
  const places = tree.places().filter(({ key }) => pattern.test(key));
  return places.length > 0 ? places : tree.places();
};

const odd = (pattern: RegExp, values: readonly string[]) => (random: Random, tree: Tree) =>
  tree.put(random.pick(named(tree, pattern)), random.pick(values));

const nested = (random: Random): string => {
  const depth = random.pick([3, 30, 300, 3_000]);
  return random.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : '{"mapped_items":'.repeat(depth) + '[{"item_id":"880000000000000001"}]' + '}'.repeat(depth);
};

const treeMutations: readonly ((random: Random, tree: Tree) => void)[] = [
  odd(/quantity/, oddNumbers),
  odd(/quantity/, oddNumbers),
  odd(/_id$/, oddTexts),
  odd(/_id$/, oddTexts),
  odd(/_time$/, oddTimes),
  odd(/status/, oddStatuses),
  odd(/number|sku|name/, oddTexts),
  odd(/./, [...oddNumbers, ...oddTexts]),
  (random, tree) => tree.put(random.pick(tree.places()), nested(random)),
  (random, tree) => {
    const { holder, key } = random.pick(tree.places());
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  (random, tree) => {
    const { holder, key } = random.pick(tree.places());
    const twice = random.pick(['3', '{"item_id":"a"}', '"x"']);
    const value = JSON.stringify(holder[key]) ?? 'null';
    tree.put({ holder, key }, `${value},${JSON.stringify(key)}:${twice}`);
  },
  (random, tree) => {
    const { holder, key } = random.pick(tree.places());
    const key2 = random.pick(['__proto__', 'constructor', 'prototype', 'toJSON', 'length', 'hasOwnProperty']);
    const value = JSON.stringify(holder[key]) ?? 'null';
    tree.put({ holder, key }, `${value},"${key2}":${random.pick(['{"quantity":7}', '"x"', 'null', '5'])}`);
  },
  (random, tree) => {
    // Lists become long, objects become lists.
    const { holder, key } = random.pick(named(tree, /line_items|mapped_items/));
    const value = holder[key];
    holder[key] = Array.isArray(value)
      ? Array.from({ length: random.pick([2, 20, 100]) }, () => value).flat()
      : [value, value];
  },
  (random, tree) => {
    const [root] = tree.places();
    if (!root) return;
    const { holder, key } = root;
    const value = holder[key];
    delete holder[key];
    holder[
      random.pick(['Invoice', 'inventorytransfer', 'a.b', '', 'bill', '__proto_', 'INVOICE', 'documents'])
    ] = value;
  },
];

const bytes = (change: (random: Random, body: Buffer) => Buffer) => (random: Random, webhook: Webhook) => ({
  ...webhook,
  body: change(random, webhook.body),
});

const byteMutations: readonly ((random: Random, webhook: Webhook) => Webhook)[] = [
  bytes((random, body) => {
    const flipped = Buffer.from(body);
    for (let n = random.below(8); n >= 0 && body.length > 0; n -= 1)
      flipped[random.below(body.length)] = random.below(256);
    return flipped;
  }),
  bytes((random, body) => body.subarray(0, random.below(body.length + 1))),
  bytes((random, body) => Buffer.concat([body, body.subarray(random.below(body.length + 1))])),
  bytes((random) => Buffer.from(random.pick(wholeBodies))),
  bytes((_, body) => Buffer.concat([Buffer.from('\ufeff'), body])),
  bytes((_, body) => Buffer.from(body.toString('utf8'), 'utf16le')),
];

const sendMutations: readonly ((random: Random, webhook: Webhook) => Webhook)[] = [
  (random, webhook) => ({ ...webhook, query: random.pick(oddEvents) }),
  (random, webhook) => ({ ...webhook, path: random.pick(oddPaths), query: random.pick(oddEvents) }),
  (random, webhook) => ({ ...webhook, contentType: random.pick(oddContentTypes) }),
  (_, webhook) => ({ ...webhook, contentType: FORM }),
  (random, webhook) => ({
    ...webhook,
    contentType: `${FORM}; charset=UTF-8`,
    body: Buffer.from(
      `${random.pick(['', 'a=b&', '%=%&', 'JSONString=%7B%7D&'])}JSONString=${encodeURIComponent(webhook.body.toString('utf8'))}`,
    ),
  }),
];
