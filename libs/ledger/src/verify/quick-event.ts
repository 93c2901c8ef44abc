import {
  type DocumentApplied,
  newestCeType,
  quantityNames,
  type StockChanged,
  type StockEvent,
} from '@tallystream/contracts';

/**
 * An event of the newest version of the two types that make up nearly all of the ledger, if it has the shape that
 * verification relies on; nothing for any other, which is then to be read with care. Checking whole schemas would
 * take as long as all the rest.
 */
export const quickEvent = (ceType: string, data: Uint8Array): StockEvent | undefined => {
  const type = quickTypes.get(ceType);
  if (type === undefined) return undefined;
  const value = parsed(data);
  if (type === 'StockChanged') return isStockChanged(value) ? { type, data: value } : undefined;
  return isDocumentApplied(value) ? { type, data: value } : undefined;
};

const quickTypes = new Map<string, 'StockChanged' | 'DocumentApplied'>([
  [newestCeType('StockChanged'), 'StockChanged'],
  [newestCeType('DocumentApplied'), 'DocumentApplied'],
]);

type Fields = Readonly<Record<string, unknown>>;

const parsed = (data: Uint8Array): Fields => {
  try {
    const value: unknown = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
    return isFields(value) ? value : {};
  } catch {
    return {};
  }
};

const isStockChanged = (value: Fields): value is Fields & StockChanged =>
  isLevel(value) &&
  typeof value.revision === 'number' &&
  typeof value.provisional === 'boolean' &&
  isOptionalText(value.baselineAsOf) &&
  isDelta(value.delta) &&
  isWhole(value.after) &&
  (value.disputed === undefined || Array.isArray(value.disputed)) &&
  (value.document === undefined || isDocument(value.document));

const isDocumentApplied = (value: Fields): value is Fields & DocumentApplied =>
  isDocument(value.document) &&
  typeof value.deleted === 'boolean' &&
  typeof value.effectHash === 'string' &&
  Array.isArray(value.lines) &&
  value.lines.every(
    (line: unknown) =>
      isFields(line) &&
      isLevel(line) &&
      typeof line.treatment === 'string' &&
      isDelta(line.effect) &&
      isDelta(line.delta),
  );

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isLevel = ({ itemId, warehouseId }: Fields): boolean =>
  typeof itemId === 'string' && typeof warehouseId === 'string';

const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isDocument = (value: unknown): boolean =>
  isFields(value) &&
  typeof value.type === 'string' &&
  typeof value.id === 'string' &&
  typeof value.version === 'string';

const isWhole = (value: unknown): boolean =>
  isFields(value) && quantityNames.every((name) => typeof value[name] === 'number');

const isDelta = (value: unknown): boolean => {
  if (!isFields(value)) return false;
  for (const name in value) if (typeof value[name] !== 'number') return false;
  return true;
};
