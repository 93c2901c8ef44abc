import fc from 'fast-check';
import { bytesToSign, isSigned, type SignedRequest, sign } from './signature';

const SECRET = 'a-shop-secret-of-2026';
const OTHER = 'the-secret-before-it';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => Buffer.from(data).toString('utf8');

const request: SignedRequest = {
  query: [
    ['org', '10234695'],
    ['event', 'invoice.created'],
  ],
  form: [],
  body: bytes('{"invoice":{"invoice_id":"55"}}'),
};

describe('what Zoho signs', () => {
  it.each<{ what: string; request: SignedRequest; signed: string }>([
    {
      what: 'query pairs and a body',
      request,
      signed: 'eventinvoice.createdorg10234695{"invoice":{"invoice_id":"55"}}',
    },
    {
      what: 'query and form pairs, sorted together',
      request: {
        query: [
          ['zone', 'north'],
          ['event', 'created'],
        ],
        form: [
          ['name', 'دفتر & قلم'],
          ['JSONString', '{"a": 1}'],
        ],
        body: bytes(''),
      },
      signed: 'JSONString{"a": 1}eventcreatednameدفتر & قلمzonenorth',
    },
    {
      what: 'the same key twice, in the order in which it came',
      request: {
        query: [
          ['b', '2'],
          ['a', 'y'],
          ['a', 'x'],
        ],
        form: [['a', 'z']],
        body: bytes(''),
      },
      signed: 'ayaxazb2',
    },
    { what: 'a body alone', request: { query: [], form: [], body: bytes('{}') }, signed: '{}' },
    { what: 'an empty value', request: { query: [['a', '']], form: [], body: bytes('{}') }, signed: 'a{}' },
    { what: 'nothing', request: { query: [], form: [], body: bytes('') }, signed: '' },
  ])('given $what, is "$signed"', ({ request: given, signed }) => {
    expect(text(bytesToSign(given))).toBe(signed);
  });

  it('has the exact bytes of the body, text or not', () => {
    const body = Uint8Array.from([0xff, 0x00, 0xc3, 0x28]);
    expect([...bytesToSign({ query: [['a', 'b']], form: [], body })]).toEqual([0x61, 0x62, ...body]);
  });

  it('takes pairs that can be read only once', () => {
    const query = new URLSearchParams('b=2&a=1').entries();
    expect(text(bytesToSign({ query, form: new Map([['c', '3']]), body: bytes('') }))).toBe('a1b2c3');
  });

  it('is keyed by HMAC-SHA256, as another program computes it', () => {
    expect(sign(SECRET, bytes('eventinvoice.createdorg10234695{"invoice":{"invoice_id":"55"}}'))).toEqual(
      Buffer.from('dca224930e4e12675a0343af7f872fe42c536231ed7aa09859629fe21778b096', 'hex'),
    );
  });
});

const signature = (secret = SECRET, of: SignedRequest = request): Buffer => sign(secret, bytesToSign(of));
const hex = signature().toString('hex');
const base64 = signature().toString('base64');

describe('a signature that is right', () => {
  it.each([
    { how: 'in hex', given: hex },
    { how: 'in upper-case hex', given: hex.toUpperCase() },
    { how: 'in base64', given: base64 },
    { how: 'in base64 without padding', given: base64.replace('=', '') },
    { how: 'in hex after sha256=', given: `sha256=${hex}` },
    { how: 'in base64 after SHA256=', given: `SHA256=${base64}` },
    { how: 'between spaces', given: ` ${hex} ` },
  ])('$how is accepted', ({ given }) => {
    expect(isSigned(request, given, { secrets: [SECRET], bodyAlone: false })).toBe(true);
  });

  it.each([
    { which: 'the first', secrets: [SECRET, OTHER], accepted: true },
    { which: 'the second', secrets: [OTHER, SECRET], accepted: true },
    { which: 'another', secrets: [OTHER], accepted: false },
    { which: 'none that is set', secrets: [], accepted: false },
  ])('under $which secret: accepted is $accepted', ({ secrets, accepted }) => {
    expect(isSigned(request, hex, { secrets, bodyAlone: false })).toBe(accepted);
  });

  it.each([
    { over: 'everything', signed: signature(), bodyAlone: false, accepted: true },
    { over: 'everything', signed: signature(), bodyAlone: true, accepted: true },
    { over: 'the body alone', signed: sign(SECRET, request.body), bodyAlone: false, accepted: false },
    { over: 'the body alone', signed: sign(SECRET, request.body), bodyAlone: true, accepted: true },
    {
      over: 'the body alone, by another secret',
      signed: sign(OTHER, request.body),
      bodyAlone: true,
      accepted: false,
    },
  ])('over $over, with bodyAlone $bodyAlone: accepted is $accepted', ({ signed, bodyAlone, accepted }) => {
    expect(isSigned(request, signed.toString('hex'), { secrets: [SECRET], bodyAlone })).toBe(accepted);
  });

  it('belongs to one request: any order of the pairs, the same bytes', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([key]) => key });
    fc.assert(
      fc.property(pairs, fc.uint8Array(), (query, body) => {
        const sent = signature(SECRET, { query, form: [], body }).toString('base64');
        const received: SignedRequest = { query: [], form: [...query].reverse(), body };
        expect(isSigned(received, sent, { secrets: [SECRET], bodyAlone: false })).toBe(true);
      }),
    );
  });
});

describe('a signature that is wrong', () => {
  const flipped = (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
  it.each([
    { how: 'nothing', given: '' },
    { how: 'a space', given: ' ' },
    { how: 'a prefix alone', given: 'sha256=' },
    { how: 'one digit changed', given: flipped },
    { how: 'one digit too few', given: hex.slice(1) },
    { how: 'one digit too many', given: `${hex}0` },
    { how: 'half of it', given: hex.slice(0, 32) },
    { how: 'it twice', given: hex + hex },
    { how: 'another prefix', given: `md5=${hex}` },
    { how: 'zeros', given: '0'.repeat(64) },
    { how: 'text', given: 'not a signature' },
    { how: 'Arabic text', given: 'توقيع' },
  ])('given $how, is refused', ({ given }) => {
    expect(isSigned(request, given, { secrets: [SECRET], bodyAlone: true })).toBe(false);
  });

  it.each<{ what: string; changed: SignedRequest }>([
    { what: 'another body', changed: { ...request, body: bytes('{"invoice":{"invoice_id":"56"}}') } },
    {
      what: 'a space more in the body',
      changed: { ...request, body: bytes('{"invoice": {"invoice_id":"55"}}') },
    },
    {
      what: 'another event',
      changed: {
        ...request,
        query: [
          ['org', '10234695'],
          ['event', 'invoice.deleted'],
        ],
      },
    },
    { what: 'a pair less', changed: { ...request, query: [['org', '10234695']] } },
    { what: 'a pair more', changed: { ...request, form: [['x', 'y']] } },
  ])('given $what than was signed, is refused', ({ changed }) => {
    expect(isSigned(changed, hex, { secrets: [SECRET], bodyAlone: false })).toBe(false);
  });
});
