import { headerIn, headText } from './head-text';

/** The data of a message, in memory as the client has it: behind its headers. */
const dataBehind = (before: string, data = '{"a":1}'): Uint8Array => {
  const whole = Buffer.from(before + data);
  const memory = new Uint8Array(new ArrayBuffer(whole.length));
  memory.set(whole);
  return memory.subarray(Buffer.byteLength(before));
};
const headers = 'NATS/1.0\r\nce-type: a.b.v1\r\nce-id: 7\r\nempty: \r\nname: شركة\r\n\r\n';

describe('the headers right before the data of a message', () => {
  const head = headText(dataBehind(`HMSG a 1 9 9\r\n${headers}`)) ?? '';

  it.each([
    ['ce-type', 'a.b.v1'],
    ['ce-id', '7'],
    ['name', 'شركة'],
    ['empty', undefined],
    ['type', undefined],
    ['CE-TYPE', undefined],
  ])('%s is %s', (name, value) => {
    expect(headerIn(head, name)).toBe(value);
  });

  it('are not taken for those of the message before', () => {
    const other = 'HMSG a 1 9 9\r\nNATS/1.0\r\nce-type: other\r\n\r\n{}\r\n';
    expect(headerIn(headText(dataBehind(`${other}HMSG a 1 9 9\r\n${headers}`)) ?? '', 'ce-type')).toBe(
      'a.b.v1',
    );
  });

  it.each([
    ['a message without headers', `MSG a 1 2\r\n`],
    ['one behind a message with headers', `HMSG a 1 9 9\r\n${headers}{}\r\nMSG a 1 2\r\n`],
    ['data that lie alone in memory', ''],
    ['something else that ends alike', 'abc\r\n\r\n'],
  ])('are not there for %s', (_what, before) => {
    expect(headText(dataBehind(before))).toBeUndefined();
  });
});
