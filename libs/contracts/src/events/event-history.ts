import type { z } from 'zod';

/**
 * The versions of one event, oldest first, and the way from each to the newest. A published version is never
 * edited, but for optional fields and further values of its enumerations.
 *
 * A new version is one entry, one function and one golden file:
 *
 *     firstVersion('stock.changed', stockChangedV1Schema)
 *       .next(stockChangedSchema, (v1) => ({ ...v1, channel: 'unknown' }))
 */
export type EventHistory<Newest> = Readonly<{
  /** `stock.changed`: what all its types have in common. */
  name: string;
  versions: readonly EventVersion<Newest>[];
  newest: EventVersion<Newest>;
  /** A further version; `upcast` makes it of the one before. */
  next: <Next>(schema: z.ZodType<Next>, upcast: (data: Newest) => Next) => EventHistory<Next>;
}>;

export type EventVersion<Newest> = Readonly<{
  ceType: string;
  /** Of its golden file. */
  fileName: string;
  /** `ce-dataschema` of the envelope, and `$id` of the JSON Schema. */
  schemaId: string;
  schema: z.ZodType;
  /**
   * Data of this version, turned into the newest.
   * @throws ZodError
   */
  read: (data: unknown) => Newest;
}>;

export const firstVersion = <Data>(name: string, schema: z.ZodType<Data>): EventHistory<Data> =>
  historyOf(name, [], eventVersion(name, 1, schema));

/** An event of a type or shape that no published version has. Readers must stop at it, never skip it. */
export class UnreadableEvent extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'UnreadableEvent';
  }
}

export type EventHistories = Readonly<Record<string, EventHistory<unknown>>>;

/** The newest version of every event in a table, told apart by `type`. */
export type EventOf<Histories extends EventHistories> = {
  [Type in keyof Histories]: Histories[Type] extends EventHistory<infer Data>
    ? Readonly<{ type: Type; data: Data }>
    : never;
}[keyof Histories];

/** @returns a reader of every published version; it throws UnreadableEvent */
export const decoderOf = <Histories extends EventHistories>(histories: Histories) => {
  const known = new Map(
    Object.entries(histories).flatMap(([type, { versions }]) =>
      versions.map(({ ceType, read }) => [ceType, { type, read }] as const),
    ),
  );
  return (ceType: string, data: Uint8Array): EventOf<Histories> => {
    const version = known.get(ceType);
    if (!version) throw new UnreadableEvent(whyUnknown(ceType, histories));
    try {
      const newest = version.read(JSON.parse(Buffer.from(data).toString('utf8')));
      return { type: version.type, data: newest } as EventOf<Histories>;
    } catch (error) {
      throw new UnreadableEvent(`data does not fit event type "${ceType}"`, { cause: error });
    }
  };
};

const historyOf = <Newest>(
  name: string,
  older: readonly EventVersion<Newest>[],
  newest: EventVersion<Newest>,
): EventHistory<Newest> => {
  const versions = [...older, newest];
  return {
    name,
    versions,
    newest,
    next: (schema, upcast) =>
      historyOf(
        name,
        versions.map((version) => ({ ...version, read: (data: unknown) => upcast(version.read(data)) })),
        eventVersion(name, versions.length + 1, schema),
      ),
  };
};

const eventVersion = <Data>(name: string, version: number, schema: z.ZodType<Data>): EventVersion<Data> => {
  const ceType = `com.tallystream.${name}.v${version}`;
  return {
    ceType,
    fileName: `${name}.v${version}.json`,
    schemaId: `https://tallystream.com/schemas/${ceType}.json`,
    schema,
    read: (data) => schema.parse(data),
  };
};

/** A newer version tells that the reader is to be updated; anything else, that something is wrong. */
const whyUnknown = (ceType: string, histories: EventHistories): string => {
  const [, name, version] = /^com\.tallystream\.(.+)\.v([1-9]\d*)$/.exec(ceType) ?? [];
  const history = Object.values(histories).find((candidate) => candidate.name === name);
  return history && Number(version) > history.versions.length
    ? `event type "${ceType}" is newer than this reader, which knows up to "${history.newest.ceType}": update it`
    : `event type "${ceType}" is not known`;
};
