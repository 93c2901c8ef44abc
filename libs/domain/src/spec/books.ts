import {
  type Cause,
  documentIdSchema,
  type Instant,
  type ItemId,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  levelKey,
  type Quantities,
  type StockEvent,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  type AppliedDocument,
  type DocumentDecision,
  decideDocument,
  decideObservation,
  evolve,
  type Level,
  type LevelMove,
  type Observation,
  type StockDocument,
  unknownLevel,
} from '../index';

/** Seconds after a fixed moment: specifications read better with `at(10)` than with dates. */
export const at = (seconds: number): Instant => instantFrom(Date.UTC(2026, 0, 7, 10) + seconds * 1000);

export const item = (name: string): ItemId => itemIdSchema.parse(name);
export const level = (itemName: string, warehouse = 'main'): LevelRef => ({
  itemId: item(itemName),
  warehouseId: warehouseIdSchema.parse(warehouse),
});
export const documentId = (name: string) => documentIdSchema.parse(name);
export const settings = { trustMarginMs: 2_000 };

/** A ledger in memory: the least that the pure rules need around them. */
export const openBooks = () => {
  const levels = new Map<string, Level>();
  const documents = new Map<string, AppliedDocument>();
  const moves = new Map<string, LevelMove[]>();
  const history: StockEvent[] = [];
  let causes = 0;

  const nextCause = (kind: Cause['kind']): Cause => {
    causes += 1;
    return { kind, id: String(causes), actor: 'spec' };
  };
  const record = (events: readonly StockEvent[]) => {
    for (const event of events) {
      history.push(event);
      if (event.type === 'DocumentApplied') documents.set(event.data.document.id, event.data);
      if (event.type !== 'StockChanged') continue;
      const key = levelKey(event.data);
      levels.set(key, evolve(levels.get(key) ?? unknownLevel, event.data));
      if (!event.data.document) continue;
      const { version, createdAt } = event.data.document;
      const move = { delta: event.data.delta, modifiedAt: version, ...(createdAt ? { createdAt } : {}) };
      moves.set(key, [...(moves.get(key) ?? []), move]);
    }
  };

  return {
    apply: (document: StockDocument, cause: Cause = nextCause('webhook')): DocumentDecision => {
      const decision = decideDocument(
        documents.get(document.id),
        (ref) => levels.get(levelKey(ref)),
        { document, cause },
        settings,
      );
      record(decision.events);
      return decision;
    },
    observe: (observation: Observation) => {
      const key = levelKey(observation);
      const decision = decideObservation(
        levels.get(key) ?? unknownLevel,
        moves.get(key) ?? [],
        { observation, cause: nextCause('observation') },
        settings,
      );
      if (decision.event) record([{ type: 'StockChanged', data: decision.event }]);
      return decision;
    },
    level: (ref: LevelRef): Level => levels.get(levelKey(ref)) ?? unknownLevel,
    quantities: (ref: LevelRef): Quantities => (levels.get(levelKey(ref)) ?? unknownLevel).quantities,
    history: (): readonly StockEvent[] => history,
  };
};

export const observation = (
  ref: LevelRef,
  asOf: Instant,
  quantities: Partial<Observation['quantities']>,
): Observation => ({
  ...ref,
  asOf,
  quantities: {
    onHand: 0,
    committed: 0,
    physicalOnHand: 0,
    physicalCommitted: 0,
    inTransit: 0,
    ...quantities,
  },
});

export const invoice = (
  lines: Readonly<Record<string, number>>,
  rest: Partial<StockDocument> & Pick<StockDocument, 'modifiedAt'>,
): StockDocument => ({
  id: documentId('inv-1'),
  status: 'sent',
  deleted: false,
  createdAt: at(0),
  ...rest,
  type: 'invoice',
  lines: Object.entries(lines).map(([name, quantity]) => ({ ...level(name), quantity })),
});
