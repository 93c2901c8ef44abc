import { type Level, levelKey, type Stock } from './stock';

/** What a level became, when and by what; without a level once its item was deleted. */
export type Moment = Readonly<{
  /** Milliseconds since 1970 by the simulator's clock: whoever asks from now on is told so. 0 for the opening. */
  at: number;
  action: string;
  document?: Readonly<Cause>;
  level?: Readonly<Level>;
}>;

/** The document or item that a booking was about, in its version of then. */
export type Cause = { type: string; id: string; number?: string; modifiedAt: number };

/** Every level's moments, oldest first, by its key; levels in the order of their items. */
export type History = Map<string, Moment[]>;

export const openingHistory = (stock: Stock): History =>
  new Map(
    [...stock.levels].map(([key, level]) => [key, [{ at: 0, action: 'opening', level: { ...level } }]]),
  );

/** Writes down what a booking has moved. */
export const remember = (
  { stock, history }: Readonly<{ stock: Stock; history: History }>,
  { at, action, cause }: Readonly<{ at: number; action: string; cause: Cause | undefined }>,
): void => {
  const document = cause && { document: namesOf(cause) };
  for (const key of stock.touched) {
    const level = stock.levels.get(key);
    const moment: Moment = { at, action, ...document, ...(level && { level: { ...level } }) };
    const moments = history.get(key);
    if (moments) moments.push(moment);
    else history.set(key, [moment]);
  }
  stock.touched.clear();
};

export const momentsOf = (history: History, itemId: string, warehouseId: string): readonly Moment[] =>
  history.get(levelKey(itemId, warehouseId)) ?? [];

/** The newest moment not after `at`. */
export const momentAt = (moments: readonly Moment[], at: number): Moment | undefined => {
  let [from, to] = [0, moments.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((moments[middle]?.at ?? 0) <= at) from = middle + 1;
    else to = middle;
  }
  return moments[from - 1];
};

const namesOf = ({ type, id, number, modifiedAt }: Cause): Cause => ({
  type,
  id,
  ...(number !== undefined && { number }),
  modifiedAt,
});
