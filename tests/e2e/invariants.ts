import {
  type Delta,
  type DocumentApplied,
  type Quantities,
  quantityNames,
  type StockChanged,
} from '@tallystream/contracts';

// What always holds of a ledger, as sums over its events: none of the rules by which it was written is used here.
// Each check gives what breaks it, in words: nothing, when all is well.

/** Per level, revisions are 1 … n without a gap, and each balance is the one before it plus the delta. */
export const brokenLevels = (moves: readonly StockChanged[]): readonly string[] =>
  [...grouped(moves, levelOf)].flatMap(([level, history]) =>
    history.flatMap(({ revision, after, delta }, index) => {
      const before = history[index - 1]?.after;
      const isNext = revision === index + 1;
      const isSum = quantityNames.every(
        (name) => exact(after[name]) === exact(before?.[name]) + exact(delta[name]),
      );
      return isNext && isSum ? [] : [`${level} at revision ${revision}, the ${index + 1}. event`];
    }),
  );

/** Per document, at most one record for a version, and versions that rise. */
export const brokenVersions = (documents: readonly DocumentApplied[]): readonly string[] =>
  [...grouped(documents, nameOf)].flatMap(([name, versions]) =>
    versions.flatMap((next, index) => {
      const [last, ...earlier] = versions.slice(0, index).reverse();
      if (!last) return [];
      const rises = Date.parse(next.document.version) >= Date.parse(last.document.version);
      const isNew = [last, ...earlier].every((other) => versionOf(other) !== versionOf(next));
      return rises && isNew && !last.deleted ? [] : [`${name}: ${versionOf(last)}, then ${versionOf(next)}`];
    }),
  );

/** What a document did to a level in all its versions is its last effect, less what the level held already. */
export const unbalancedDocuments = (documents: readonly DocumentApplied[]): readonly string[] =>
  [...grouped(documents, nameOf)].flatMap(([name, versions]) => {
    const lines = versions.flatMap((version) => version.lines);
    return [...grouped(lines, levelOf)].flatMap(([level, history]) =>
      quantityNames.flatMap((quantity) => {
        const moved = sum(history.map(({ delta }) => exact(delta[quantity])));
        const absorbed = sum(
          history.map(({ effect, treatment }, index) =>
            treatment === 'delta' ? 0 : exact(effect[quantity]) - exact(history[index - 1]?.effect[quantity]),
          ),
        );
        const last = exact(history.at(-1)?.effect[quantity]);
        return moved === last - absorbed
          ? []
          : [`${name} on ${level}: ${quantity} moved by ${moved}, not ${last} less ${absorbed}`];
      }),
    );
  });

/** What a record says that it did to a level is what the level says that the document did to it. */
export const unequalRecords = (
  documents: readonly DocumentApplied[],
  moves: readonly StockChanged[],
): readonly string[] => {
  const said = documents.flatMap((document) =>
    document.lines.flatMap((line) => (isNothing(line.delta) ? [] : moveLine(document, line, line.delta))),
  );
  const done = moves.flatMap((move) =>
    move.document && !isNothing(move.delta)
      ? moveLine({ ...move, document: move.document }, move, move.delta)
      : [],
  );
  return differences(said, done);
};

/** A transfer moves and never creates: in the books, and on the shelves, with what is on its way. */
export const unevenTransfers = (documents: readonly DocumentApplied[]): readonly string[] =>
  documents
    .filter(({ document }) => document.type === 'transfer_order')
    .flatMap((transfer) => {
      const total = (quantity: keyof Quantities) =>
        sum(transfer.lines.map(({ effect }) => exact(effect[quantity])));
      const isEven =
        total('onHand') + total('inTransit') === 0 && total('physicalOnHand') + total('inTransit') === 0;
      return isEven ? [] : [`${nameOf(transfer)} at ${transfer.document.version}`];
    });

/** What one list has and the other has not, each line as often as it is there. */
export const differences = (ours: readonly string[], theirs: readonly string[]): readonly string[] => {
  const counts = new Map<string, number>();
  for (const line of ours) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of theirs) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts].flatMap(([line, count]) => (count === 0 ? [] : `${count > 0 ? '-' : '+'} ${line}`));
};

const moveLine = (
  { document, cause }: Pick<DocumentApplied, 'document' | 'cause'>,
  level: Readonly<{ itemId: string; warehouseId: string }>,
  delta: Delta,
): string =>
  [document.type, document.id, document.version, cause.kind, cause.id, levelOf(level)]
    .concat(quantityNames.map((name) => String(delta[name] ?? 0)))
    .join(' ');

const levelOf = ({ itemId, warehouseId }: Readonly<{ itemId: string; warehouseId: string }>): string =>
  `${itemId}@${warehouseId}`;
const nameOf = ({ document }: Pick<DocumentApplied, 'document'>): string => `${document.type}:${document.id}`;
/** Two edits within one of Zoho's seconds differ in what they do; a deletion has no time of its own. */
const versionOf = ({ document, effectHash, deleted }: DocumentApplied): string =>
  `${document.version} ${effectHash}${deleted ? ' deleted' : ''}`;

const isNothing = (delta: Delta): boolean => quantityNames.every((name) => (delta[name] ?? 0) === 0);
/** In millionths: sums of whole numbers are exact. */
const exact = (units: number | undefined): number => Math.round((units ?? 0) * 1e6);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const grouped = <T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
};
