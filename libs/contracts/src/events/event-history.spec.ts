import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { decoderOf, type EventOf, firstVersion, UnreadableEvent } from './event-history';
import { stockChangedSchema } from './stock-events';

/** What the next versions of an event could look like. Only the first one was ever published. */
const v2 = stockChangedSchema.extend({ channel: z.enum(['web', 'shop', 'unknown']) });
const v3 = v2.omit({ channel: true }).extend({ salesChannel: z.object({ name: z.string() }) });

const first = firstVersion('stock.changed', stockChangedSchema);
const second = first.next(v2, (data) => ({ ...data, channel: 'unknown' as const }));
const third = second.next(v3, ({ channel, ...data }) => ({ ...data, salesChannel: { name: channel } }));

const histories = { StockChanged: third, SomethingElse: firstVersion('stock.else', z.object({})) };
const decode = decoderOf(histories);

/** What was published years ago, by the golden file that proves it. */
const { body: oldest } = JSON.parse(
  readFileSync(join(__dirname, 'golden', first.newest.fileName), 'utf8'),
) as Readonly<{ body: z.infer<typeof stockChangedSchema> }>;

const CHANGED = 'com.tallystream.stock.changed';
const json = (data: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(data));

describe('an event with three versions', () => {
  it.each([
    { version: 1, data: oldest, name: 'unknown' },
    { version: 2, data: { ...oldest, channel: 'web' }, name: 'web' },
    { version: 3, data: { ...oldest, salesChannel: { name: 'fair' } }, name: 'fair' },
  ])('is read as the newest from version $version', ({ version, data, name }) => {
    expect(decode(`${CHANGED}.v${version}`, json(data))).toEqual({
      type: 'StockChanged',
      data: { ...oldest, salesChannel: { name } },
    });
  });

  it('is typed as the newest', () => {
    const event: EventOf<typeof histories> = decode(`${CHANGED}.v1`, json(oldest));
    expect(event.type === 'StockChanged' && event.data.salesChannel.name).toBe('unknown');
  });

  it('has its version in types, files and schemas', () => {
    expect(third.versions.map(({ ceType, fileName, schemaId }) => [ceType, fileName, schemaId])).toEqual(
      [1, 2, 3].map((version) => [
        `${CHANGED}.v${version}`,
        `stock.changed.v${version}.json`,
        `https://tallystream.com/schemas/${CHANGED}.v${version}.json`,
      ]),
    );
    expect(third.newest).toBe(third.versions[2]);
  });

  it('leaves the shorter histories as they were', () => {
    expect(first.versions).toHaveLength(1);
    expect(second.newest.read({ ...oldest, channel: 'shop' })).toEqual({ ...oldest, channel: 'shop' });
    expect(first.newest.read(oldest)).toEqual(oldest);
  });

  it.each([
    { what: 'what a later version added', version: 2, data: oldest },
    { what: 'what every version has', version: 1, data: { ...oldest, itemId: undefined } },
    { what: 'what a later version renamed', version: 3, data: { ...oldest, channel: 'web' } },
  ])('is held to the version it says: v$version without $what is refused', ({ version, data }) => {
    const read = () => decode(`${CHANGED}.v${version}`, json(data));
    expect(read).toThrow(UnreadableEvent);
    expect(read).toThrow(`data does not fit event type "${CHANGED}.v${version}"`);
  });

  it('of a version to come asks for an update', () => {
    const read = () => decode(`${CHANGED}.v4`, json(oldest));
    expect(read).toThrow(UnreadableEvent);
    expect(read).toThrow(
      `event type "${CHANGED}.v4" is newer than this reader, which knows up to "${CHANGED}.v3": update it`,
    );
  });

  it.each([
    `${CHANGED}.v0`,
    `${CHANGED}.v04`,
    `${CHANGED}.v4.1`,
    'com.tallystream.stock.lost.v4',
    'org.else.stock.changed.v4',
  ])('is not %s', (type) => {
    expect(() => decode(type, json(oldest))).toThrow(`event type "${type}" is not known`);
  });
});
