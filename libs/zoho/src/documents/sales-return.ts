import { type Fields, isBlank, list, text } from '../fields';

/**
 * A sales return carries its receives inside; each also comes as a webhook of its own. So that both count
 * once, a return is taken apart into its receives, each a document with an id of its own. What the return
 * says for all of them (times, place) is handed down, and a line's place is that of the line returned.
 */
export const receivesOf = (salesReturn: Fields): readonly Fields[] => {
  // Zoho answers the creation of a receive with the receive under the root key of the return.
  if (text(salesReturn, 'receive_id') !== undefined) return [salesReturn];
  const {
    line_items: _returned,
    status: _ofReturn,
    salesreturnreceives: _inside,
    ...handedDown
  } = salesReturn;
  const places = placesOf(list(salesReturn, 'line_items', 'salesreturn'));
  return list(salesReturn, 'salesreturnreceives', 'salesreturn').map((receive) => ({
    ...handedDown,
    ...withoutBlanks(receive),
    // Without lines, it must not pass for a receive of nothing.
    ...(isBlank(receive.line_items) ? {} : { line_items: placedLines(receive, places) }),
  }));
};

const placedLines = (receive: Fields, places: ReadonlyMap<string, Fields>): readonly Fields[] =>
  list(receive, 'line_items', 'salesreturn.salesreturnreceives').map((line) => {
    const ofReturn = places.get(text(line, 'line_item_id') ?? '') ?? places.get(text(line, 'item_id') ?? '');
    return hasPlace(line) ? line : { ...line, ...ofReturn };
  });

const hasPlace = (line: Fields): boolean => !isBlank(line.warehouse_id) || !isBlank(line.location_id);

/** Where the lines of the return lie, by the id of the line and of the item. */
const placesOf = (lines: readonly Fields[]): ReadonlyMap<string, Fields> =>
  new Map(
    lines.filter(hasPlace).flatMap(({ warehouse_id, location_id, ...line }): [string, Fields][] =>
      ['line_item_id', 'item_id'].flatMap((name): [string, Fields][] => {
        const id = text(line, name);
        return id === undefined ? [] : [[id, { warehouse_id, location_id }]];
      }),
    ),
  );

const withoutBlanks = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !isBlank(value)));
