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

  const saying = 'url: /?x=NATS/1.0\r\nlast: NATS/1.0\r\n\r\n';
  it.each([
    ['behind other messages', 'HMSG a 1 9 9\r\n'],
    ['alone in memory', ''],
  ])('do not begin with a value that says so: %s', (_what, before) => {
    const found = headText(dataBehind(`${before}NATS/1.0\r\nce-type: a.b.v1\r\n${saying}`));
    expect(headerIn(found ?? '', 'ce-type')).toBe('a.b.v1');
  });

  it('are left to the client when they are longer than is read', () => {
    const long = `NATS/1.0\r\nlong: ${'x'.repeat(4_096)}\r\n${saying}`;
    expect(headText(dataBehind(`HMSG a 1 9 9\r\n${long}`))).toBeUndefined();
  });

  it('do not begin where the part that is read does', () => {
    const value = 'NATS/1.0\r\n';
    const rest = `a: ${'x'.repeat(4_096 - value.length - '\r\na: \r\n\r\n'.length + 2)}\r\n\r\n`;
    expect(headText(dataBehind(`HMSG a 1 9 9\r\nNATS/1.0\r\nurl: ${value}${rest}`))).toBeUndefined();
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
