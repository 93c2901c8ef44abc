import { documentIdSchema, type Instant, instantFrom } from '@tallystream/contracts';
import type { ZohoDocumentRow } from '@tallystream/zoho';
import type { ListReading } from './read-list';
import { moveWatermark, readFrom, stillRefused, type Watermark, wasHanded } from './watermark';

const MINUTE = 60_000;
const at = (minutes: number): Instant => instantFrom(Date.UTC(2026, 0, 7) + minutes * MINUTE);
const row = (id: string, minutes?: number, status?: string): ZohoDocumentRow => ({
  type: 'invoice',
  id: documentIdSchema.parse(id),
  ...(minutes === undefined ? {} : { modifiedAt: at(minutes) }),
  ...(status === undefined ? {} : { status }),
});
const reading = (rows: readonly ZohoDocumentRow[], reach: ListReading['reach'] = 'whole'): ListReading => ({
  asOf: at(60),
  rows,
  reach,
});
const before: Watermark = { readTo: at(0), handed: [] };
const nothing = { done: new Set<ZohoDocumentRow['id']>(), left: [] };
const doneWith = (...rows: readonly ZohoDocumentRow[]) => ({
  ...nothing,
  done: new Set(rows.map(({ id }) => id)),
});

describe('a watermark', () => {
  it('moves to the time of the list when everything was dealt with', () => {
    expect(moveWatermark(before, reading([row('1', 30)]), nothing)).toEqual({ readTo: at(60), handed: [] });
  });

  it('moves no further than to the oldest document that is left', () => {
    const left = [row('2', 40), row('1', 30), row('3')];
    expect(moveWatermark(before, reading(left), { ...nothing, left }).readTo).toBe(at(30));
  });

  it.each([
    ['a document from before it is left', reading([]), [row('1', -5)]],
    ["Zoho's clock was set back", { ...reading([]), asOf: at(-30) }, []],
    ['the list was not read to its end', reading([row('1', 30)], 'shifting'), []],
  ])('stays where it is when %s', (_what, read, left) => {
    expect(moveWatermark(before, read, { ...nothing, left }).readTo).toBe(at(0));
  });

  it('moves on over a list too long to be read whole: or it would be read in vain for ever', () => {
    expect(moveWatermark(before, reading([row('1', 30)], 'bounded'), nothing).readTo).toBe(at(60));
  });

  it('is read from some minutes before, for what Zoho writes down late', () => {
    expect(readFrom(before)).toBe(at(-10));
    expect(readFrom({ readTo: instantFrom(0) })).toBe(instantFrom(0));
  });

  it('remembers what was handed over as long as it may be listed again', () => {
    const rows = [row('late', 55), row('early', 30), row('timeless', undefined, 'open'), row('other', 56)];
    const moved = moveWatermark(before, reading(rows), doneWith(...rows.slice(0, 3)));
    expect(moved.handed).toEqual([
      { id: 'late', version: at(55) },
      { id: 'timeless', version: 'open' },
    ]);
    expect(rows.map((one) => wasHanded(moved, one))).toEqual([true, false, true, false]);

    const again = moveWatermark(moved, reading(rows), nothing);
    expect(again.handed).toEqual(moved.handed);
    expect(moveWatermark(moved, { ...reading(rows), asOf: at(70) }, nothing).handed).toEqual([
      { id: 'timeless', version: 'open' },
    ]);
  });

  it('knows a new version from the one that was handed over', () => {
    const moved = moveWatermark(before, reading([row('1', 55), row('2', undefined, 'draft')]), {
      ...doneWith(row('1'), row('2')),
    });
    expect(wasHanded(moved, row('1', 56))).toBe(false);
    expect(wasHanded(moved, row('2', undefined, 'sent'))).toBe(false);
  });

  it('of what Zoho refuses is asked for again after an hour, and cleared by an answer', () => {
    const refused: Watermark = { ...before, refused: { at: at(0), why: 'no scope' } };
    expect(stillRefused(refused, Date.parse(at(59)))).toBe('no scope');
    expect(stillRefused(refused, Date.parse(at(60)))).toBeUndefined();
    expect(stillRefused(before, Date.parse(at(0)))).toBeUndefined();
    expect(moveWatermark(refused, reading([]), nothing)).not.toHaveProperty('refused');
  });
});
