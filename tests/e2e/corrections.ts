import { documentAppliedSchema, type StockChanged, stockChangedSchema } from '@tallystream/contracts';
import { z } from 'zod';
import type { LedgerEvent } from './ledger-events';
import type { TrueLevel } from './simulator';
import type { System } from './system';

type Moment = Readonly<{
  at: string;
  document: Readonly<{ type: string; id: string }> | null;
  quantities: TrueLevel | null;
}>;

/** Newest version that the ledger had of a document, in milliseconds since 1970, by `<type>:<id>`. */
type Versions = ReadonlyMap<string, number>;

/** What Zoho knows of a level: what is reserved is ours. */
const inZoho = ['onHand', 'committed', 'physicalOnHand', 'physicalCommitted', 'inTransit'] as const;

/**
 * Corrections that should not have been, by Zoho's own history: of a number that was right when Zoho was asked, of one
 * that a document would have put right, or while a document of it was known to have changed since. One is right
 * of a document whose version in between was lost: an observation may hold that version, and no later one undoes it.
 */
export const falseCorrections = async (
  { zoho }: Pick<System, 'zoho'>,
  events: readonly LedgerEvent[],
): Promise<readonly unknown[]> => {
  const wrong: unknown[] = [];
  const versions = new Map<string, number>();
  const moves: StockChanged[] = [];
  for (const { subject, type, text } of events) {
    if (subject.includes('stock.document.')) {
      const { document } = documentAppliedSchema.parse(JSON.parse(text));
      versions.set(`${document.type}:${document.id}`, Date.parse(document.version));
    }
    if (!type.includes('.stock.changed.')) continue;
    const move = stockChangedSchema.parse(JSON.parse(text));
    moves.push(move);
    if (move.reason !== 'reconciliation' || movedIn(move).length === 0) continue;
    const query = new URLSearchParams({ itemId: move.itemId, warehouseId: move.warehouseId });
    const { moments } = await zoho.get<{ moments: readonly Moment[] }>(`history?${query}`);
    const faults = [
      ...(wasRight(move, moments) ? ['it was right'] : []),
      ...(await faultsOfDocuments(zoho, move, moments, versions)),
    ];
    if (faults.length > 0) wrong.push({ faults, moments: moments.slice(-8), ledger: upTo(move, moves) });
  }
  return wrong;
};

const movedIn = ({ delta }: StockChanged) => inZoho.filter((name) => (delta[name] ?? 0) !== 0);

const wasRight = (move: StockChanged, moments: readonly Moment[]): boolean => {
  const then = momentsUntil(move, moments).at(-1)?.quantities;
  const before = (name: (typeof inZoho)[number]) => rounded(move.after[name] - (move.delta[name] ?? 0));
  return movedIn(move).some((name) => then?.[name] === before(name));
};

/** Zoho's time of the answer that was believed, in milliseconds since 1970. */
const asOfIn = ({ baselineAsOf, itemId }: StockChanged): number => {
  if (!baselineAsOf) throw new Error(`a correction of ${itemId} does not say by which answer`);
  return Date.parse(baselineAsOf);
};

const momentsUntil = (move: StockChanged, moments: readonly Moment[]) =>
  moments.filter(({ at }) => Date.parse(at) <= asOfIn(move));

/** Of each document that had moved the level by then; one that was deleted since is on no list. */
const faultsOfDocuments = async (
  zoho: System['zoho'],
  move: StockChanged,
  moments: readonly Moment[],
  versions: Versions,
): Promise<readonly string[]> => {
  const wanted = new Map<string, number>();
  for (const { document, at } of momentsUntil(move, moments))
    if (document) wanted.set(`${document.type}:${document.id}`, Math.floor(Date.parse(at) / 1_000) * 1_000);
  const faults: string[] = [];
  for (const [name, version] of wanted) {
    const carriers = await carriersOf(zoho, name);
    for (const known of new Set([name, ...carriers]))
      if ((versions.get(known) ?? 0) > asOfIn(move)) faults.push(`${known} had changed since`);
    for (const carrier of carriers)
      if ((versions.get(carrier) ?? 0) < version) faults.push(`${carrier} would have put it right`);
  }
  return faults;
};

/** Documents that Zoho has and that tell what one of them moved: of a shipment its packages, for it moves nothing. */
const carriersOf = async (zoho: System['zoho'], name: string): Promise<readonly string[]> => {
  const found = await documentIn(zoho, name);
  if (!found) return [];
  return name.startsWith('shipment_order:')
    ? shipmentSchema.parse(found).shipment_order.packages.map((packed) => `package:${packed.package_id}`)
    : [name];
};

const shipmentSchema = z.object({
  shipment_order: z.object({ packages: z.array(z.object({ package_id: z.string() })).nonempty() }),
});

const documentIn = (zoho: System['zoho'], name: string): Promise<unknown> =>
  zoho.get<unknown>(`documents/${name.replace(':', '/')}`).catch((error: Error) => {
    if (error.message.includes('answered 404')) return undefined;
    throw error;
  });

/** What had moved the level, the correction last. */
const upTo = ({ itemId, warehouseId }: StockChanged, moves: readonly StockChanged[]) =>
  moves.filter((one) => one.itemId === itemId && one.warehouseId === warehouseId).slice(-8);

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
