import type { Random } from '../random';

/** A document of Zoho as its default payload has it, before anybody spoiled it. */
export type Fields = Record<string, unknown>;

/** What a document does to the levels, by this file's own reckoning: whole units, by `warehouse.item`. */
export type Effect = Readonly<Record<string, Readonly<Record<string, number>>>>;

export type Line = Readonly<{ item: string; warehouse: string; quantity: number }>;

export type Content = Readonly<{ id: string; version: number; lines: readonly Line[] }>;

type Kind = Readonly<{
  root: string;
  fields: (content: Content) => Fields;
  effect: (content: Content) => Effect;
}>;

export const HEADER_LOCATION = '2646610000000099999';
export const OTHER_WAREHOUSE = '2646610000000077099';

const BEGIN = Date.UTC(2026, 0, 7);
const time = (seconds: number) => new Date(BEGIN + seconds * 1000).toISOString().replace('.000Z', '+0000');

const head = ({ id, version }: Content, name: string): Fields => ({
  [`${name}_id`]: id,
  [`${name}_number`]: `${name.slice(0, 3).toUpperCase()}-${id.slice(-6)}`,
  customer_name: 'شركة الأمل للتجارة',
  created_time: time(0),
  last_modified_time: time(version),
  location_id: HEADER_LOCATION,
});

const level = ({ warehouse, item }: Line) => `${warehouse}.${item}`;

const moves = (lines: readonly Line[], names: readonly string[], sign: 1 | -1): Effect =>
  Object.fromEntries(
    lines.map((line) => [level(line), Object.fromEntries(names.map((name) => [name, sign * line.quantity]))]),
  );

const zohoLines = (lines: readonly Line[], name: string): readonly Fields[] =>
  lines.map(({ item, warehouse, quantity }, index) => ({
    line_item_id: `90000000000000${1000 + index}`,
    item_id: item,
    sku: `SKU-${item.slice(-4)}`,
    rate: 12.5,
    [name]: quantity,
    warehouse_id: warehouse,
  }));

const service: Fields = { item_id: '', name: 'Delivery', quantity: 1, item_type: 'sales' };

const simple = (
  root: string,
  status: string,
  names: readonly string[],
  sign: 1 | -1,
  { id = root, more = {}, quantity = 'quantity' }: { id?: string; more?: Fields; quantity?: string } = {},
): Kind => ({
  root,
  fields: (content) => ({
    ...head(content, id),
    status,
    ...more,
    line_items: [...zohoLines(content.lines, quantity), service],
  }),
  effect: ({ lines }) => moves(lines, names, sign),
});

const both = ['onHand', 'physicalOnHand'] as const;

/** One entry per document type. Lines of one document never share a level. */
export const kinds: readonly Kind[] = [
  simple('invoice', 'sent', ['onHand'], -1),
  simple('bill', 'open', ['onHand'], 1),
  simple('creditnote', 'open', ['onHand'], 1),
  simple('vendor_credit', 'open', ['onHand'], -1),
  simple('package', 'shipped', ['physicalOnHand'], -1),
  simple('purchasereceive', 'received', ['physicalOnHand'], 1, { id: 'receive' }),
  simple('salesreturnreceive', 'received', ['physicalOnHand'], 1, { id: 'receive' }),
  simple('inventory_adjustment', 'adjusted', both, 1, {
    more: { adjustment_type: 'quantity' },
    quantity: 'quantity_adjusted',
  }),
  {
    root: 'salesorder',
    fields: (content) => ({
      ...head(content, 'salesorder'),
      status: 'confirmed',
      line_items: zohoLines(content.lines, 'quantity').map((line) => ({
        ...line,
        quantity_invoiced: 1,
        quantity_shipped: '',
        quantity_cancelled: 0,
      })),
    }),
    effect: ({ lines }) =>
      Object.fromEntries(
        lines.map((line) => [
          level(line),
          { committed: Math.max(0, line.quantity - 1), physicalCommitted: line.quantity },
        ]),
      ),
  },
  {
    root: 'salesreturn',
    fields: (content) => ({
      ...head(content, 'salesreturn'),
      line_items: zohoLines(content.lines, 'quantity'),
      salesreturnreceives: [
        {
          receive_id: `${content.id}1`,
          status: 'received',
          line_items: zohoLines(content.lines, 'quantity'),
        },
      ],
    }),
    effect: ({ lines }) => moves(lines, ['physicalOnHand'], 1),
  },
  {
    root: 'transfer_order',
    fields: (content) => ({
      ...head(content, 'transfer_order'),
      status: 'in_transit',
      from_location_id: content.lines[0]?.warehouse,
      to_location_id: OTHER_WAREHOUSE,
      line_items: zohoLines(content.lines, 'quantity_transfer'),
    }),
    effect: ({ lines }) => ({
      ...moves(lines, both, -1),
      ...moves(
        lines.map((line) => ({ ...line, warehouse: OTHER_WAREHOUSE })),
        ['inTransit'],
        1,
      ),
    }),
  },
  {
    root: 'bundle',
    fields: (content) => {
      const [composite, ...parts] = content.lines;
      return {
        ...head(content, 'bundle'),
        status: 'completed',
        composite_item_id: composite?.item,
        warehouse_id: composite?.warehouse,
        quantity_to_bundle: composite?.quantity,
        line_items: zohoLines(parts, 'quantity_consumed'),
      };
    },
    effect: ({ lines: [composite, ...parts] }) => {
      const made = composite?.quantity ?? 0;
      const used = parts.map((part) => ({ ...part, quantity: part.quantity * made }));
      return { ...moves(composite ? [composite] : [], both, 1), ...moves(used, both, -1) };
    },
  },
];

/** Documents that move nothing, for the mutations to begin with. */
const bystanders: readonly ((content: Content) => Fields)[] = [
  ({ id, lines }) => ({
    item: { item_id: lines[0]?.item, name: 'pen', stock_on_hand: '', last_modified_time: id },
  }),
  ({ id }) => ({ contact: { contact_id: id, contact_name: 'שלום' } }),
  (content) => ({
    shipment_order: { ...head(content, 'shipment'), line_items: zohoLines(content.lines, 'quantity') },
  }),
];

/** Any document, with any lines, in Zoho's default payload. */
export const anyDocument = (random: Random, content: Content): Fields => {
  if (random.chance(0.1)) return random.pick(bystanders)(content);
  const { root, fields } = random.pick(kinds);
  return { [root]: fields(content) };
};
