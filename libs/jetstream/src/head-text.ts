/** Longer heads are read the slow way. */
const LONGEST = 4_096;
const BEGIN = 'NATS/1.0\r\n';
const LINE_END = '\r\n';
const END = '\r\n\r\n';

/**
 * The headers of a message as text, from where they lie: right before its data, in the same memory. The client's
 * own reading of them (nats 2.29.3) costs more than all else that is done with an event of the ledger.
 * @returns nothing when they do not lie there; then they have to be asked of the client
 */
export const headText = (data: Uint8Array): string | undefined => {
  const length = Math.min(LONGEST, data.byteOffset);
  const before = Buffer.from(data.buffer, data.byteOffset - length, length);
  const begin = beginOfHead(before, length === data.byteOffset);
  const head = begin === undefined ? '' : before.toString('latin1', begin + BEGIN.length - LINE_END.length);
  return head.endsWith(END) ? head : undefined;
};

/** Headers begin with a line of their own: the value of one may well end with the same words. */
const beginOfHead = (before: Buffer, isAllMemory: boolean): number | undefined => {
  const lineBefore = before.lastIndexOf(LINE_END + BEGIN, undefined, 'latin1');
  if (lineBefore >= 0) return lineBefore + LINE_END.length;
  return isAllMemory && before.toString('latin1', 0, BEGIN.length) === BEGIN ? 0 : undefined;
};

/** The first value of a header; nothing when it is absent or empty. */
export const headerIn = (head: string, name: string): string | undefined => {
  const mark = `\r\n${name}: `;
  const at = head.indexOf(mark);
  if (at < 0) return undefined;
  const value = head.slice(at + mark.length, head.indexOf('\r\n', at + mark.length));
  if (value === '') return undefined;
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value;
};

const BEYOND_ASCII = /[\x80-\xff]/;
