import { z } from 'zod';
import type { DocumentType } from '../organisation/documents';
import { warehouseIds } from '../organisation/warehouses';
import type { Random } from '../random';

/** What happens by itself. Shipments happen to packages, receives to returns: they are not chosen here. */
export const trafficTypes = [
  'invoice',
  'salesorder',
  'package',
  'bill',
  'purchase_receive',
  'transfer_order',
  'inventory_adjustment',
  'creditnote',
  'salesreturn',
  'vendor_credit',
  'bundle',
  'item',
] as const;
export type TrafficType = (typeof trafficTypes)[number];
export type TrafficDocumentType = TrafficType & DocumentType;

const usualWeights: Readonly<Record<TrafficType, number>> = {
  invoice: 8,
  salesorder: 8,
  package: 5,
  bill: 4,
  purchase_receive: 4,
  transfer_order: 3,
  inventory_adjustment: 2,
  creditnote: 2,
  salesreturn: 2,
  vendor_credit: 1,
  bundle: 1,
  item: 1,
};

export const weights = z.partialRecord(z.enum(trafficTypes), z.number().min(0).max(1000));

/** Where random traffic happens: in the first so many items and warehouses, and how often each type. */
export type Scope = Readonly<{
  weights: readonly (readonly [type: TrafficType, weight: number])[];
  items: number;
  warehouseIds: readonly string[];
}>;

export type ScopeOptions = Readonly<{
  types?: readonly TrafficType[] | undefined;
  weights?: Readonly<Partial<Record<TrafficType, number>>> | undefined;
  items?: number | undefined;
  warehouses?: number | undefined;
}>;

export const scopeOf = (options: ScopeOptions = {}): Scope => {
  const {
    types = trafficTypes,
    items = Number.POSITIVE_INFINITY,
    warehouses = warehouseIds.length,
  } = options;
  const weighed = types.map((type) => [type, options.weights?.[type] ?? usualWeights[type]] as const);
  return {
    // A transfer needs somewhere to go.
    weights: weighed.filter(([type]) => type !== 'transfer_order' || warehouses > 1),
    items,
    warehouseIds: warehouseIds.slice(0, warehouses),
  };
};

export const pickType = (random: Random, scope: Scope): TrafficType => random.weighted(scope.weights);
