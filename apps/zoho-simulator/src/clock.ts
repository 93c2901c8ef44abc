/** The simulator's time: whole seconds for documents, milliseconds for the `Date` header and tokens. */
export type Clock = {
  milliseconds(): number;
  seconds(): number;
  /** Time has come at least this far: a document carries this second. */
  reached(seconds: number): void;
};

/**
 * Runs with the wall clock until a document's version has to be put later than it (two edits in one second),
 * then ahead of it by that much. So no answer of ours is ever dated before a document it contains.
 */
export const simulatorClock = (wall: () => number): Clock => {
  let ahead = 0;
  const milliseconds = () => wall() + ahead;
  return {
    milliseconds,
    seconds: () => Math.floor(milliseconds() / 1000),
    reached: (seconds) => {
      ahead += Math.max(0, seconds * 1000 - milliseconds());
    },
  };
};

/** Whole seconds of a time as Zoho takes it in a query: with its offset, or a day in the organisation's zone. */
export const readZohoTime = (text: string): number | undefined => {
  const [, day, time = '00:00:00', zone = '+0530'] = ZOHO_TIME.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`);
  return Number.isNaN(at) ? undefined : at / 1000;
};

const ZOHO_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(Z|[+-]\d{2}:?\d{2}))?$/;
const OFFSET_SECONDS = 5.5 * 3600;

const inIndia = (seconds: number): string => new Date((seconds + OFFSET_SECONDS) * 1000).toISOString();

/** Zoho's way to write an instant: 2024-11-28T14:52:55+0530, no colon in the offset. */
export const zohoTime = (seconds: number): string => `${inIndia(seconds).slice(0, 19)}+0530`;
/** The day of an instant in the organisation's time zone: 2024-11-28. */
export const zohoDate = (seconds: number): string => inIndia(seconds).slice(0, 10);
/** The day as the organisation prints it: 28 Nov 2024. */
export const zohoDateFormatted = (seconds: number): string => {
  const [year, month, day] = zohoDate(seconds).split('-');
  return `${day} ${MONTHS[Number(month) - 1]} ${year}`;
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
