/** Values as raw JSON, since the worst of them (1e400, a key that comes twice) no object can hold. */
export const oddNumbers: readonly string[] = [
  ...['0', '-0', '-5', '1e9', '1000000001', '-1000000001', '4294967296', '1e400', '-1e400', '1e-400', 'NaN'],
  ...[
    'Infinity',
    '0.000001',
    '0.0000001',
    '0.1234567',
    '123456.654321',
    '9007199254740993',
    '01',
    '.5',
    '+3',
  ],
  ...['99999999999999999999', '12345678901234567890.123456789', '0x10', '1_000'],
  ...[
    '""',
    '" "',
    '"3"',
    '"-3.5"',
    '"1e3"',
    '"NaN"',
    '"0x10"',
    '"٣"',
    '"1,000"',
    '"three"',
    '"1e400"',
    '"½"',
  ],
  ...['null', 'true', 'false', '[]', '{}', '[3]', '{"quantity":3}', '"\\u0000"', '"3\\u0000"'],
];

const long = (length: number) => JSON.stringify('x'.repeat(length));

export const oddTexts: readonly string[] = [
  ...[
    '"a.b"',
    '"*"',
    '">"',
    '"a.>"',
    '"a b"',
    '" "',
    '""',
    '"a/b"',
    '"../../etc"',
    '"a\\\\b"',
    '"a\\"b"',
    '"$JS.API"',
  ],
  ...[
    '"שלום"',
    '"💥"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\r\\nNats-Msg-Id: x"',
    '"\\u202e"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"null"',
    '"=1+1"',
    '"\'; DROP TABLE balances; --"',
    '"%00"',
  ],
  ...[
    long(64),
    long(65),
    long(3_000),
    long(50_000),
    '12345678901234567890123',
    '1.5',
    '-1',
    '1e21',
    'null',
    'true',
    '[]',
    '{}',
  ],
];

export const oddTimes: readonly string[] = [
  ...[
    '"yesterday"',
    '""',
    '"0000-00-00"',
    '"0000-01-01T00:00:00+0000"',
    '"0001-01-01"',
    '"9999-12-31T23:59:59-1200"',
  ],
  ...[
    '"2026-13-45T25:61:61+9999"',
    '"2026-02-30"',
    '"-000001-01-01"',
    '"2026-01-07"',
    '"2026-01-07T10:30+0300"',
  ],
  ...[
    '"1970-01-01T00:00:00Z"',
    '"2026-01-07 10:30:00"',
    '"2026-01-07T24:00:00Z"',
    '1767225600',
    'null',
    '[]',
    '{}',
  ],
  ...['"2026-01-07T10:30:00.123456789+0530"', '"9999-12-31"', '"0000-01-01"', '"12026-01-01T00:00:00Z"'],
];

export const oddStatuses: readonly string[] = [
  ...[
    '"void"',
    '"SENT"',
    '"draft"',
    '"Partially Paid"',
    '"in-transit"',
    '"transferred"',
    '"partially_transferred"',
  ],
  ...['"\\u0000"', '"__proto__"', '"hasOwnProperty"', '""', 'null', '7', '[]', long(20_000)],
];

export const oddEvents: readonly string[] = [
  ...[
    'event=created',
    'event=deleted',
    'event=invoice.deleted',
    'event=INVOICE.VOIDED',
    'event=',
    'event',
    '',
  ],
  ...[
    'event=a.b.c',
    'event=*.>',
    'event=..',
    'event=a%20b',
    'event=a%2Fb',
    'event=%00',
    'event=%',
    'event=%FF%FE',
  ],
  ...[
    'event=%F0%9F%92%A5',
    'event=__proto__.created',
    'event=constructor',
    'event=x&event=y',
    'event[]=created',
  ],
  ...[
    'event[a]=b',
    'org=1&event=bill.created',
    'org=%0D%0AX:y',
    `event=${'e'.repeat(5_000)}`,
    'event=invoice.created&&&',
  ],
  ...['=', '&', '?', 'event=created?event=deleted', '__proto__=1', 'event=+', "event='"],
];

export const oddPaths: readonly string[] = [
  ...[
    'invoices',
    'bills',
    'stock',
    'products',
    'sales-returns',
    'bundles',
    'nonsense',
    '__proto__',
    'constructor',
  ],
  ...['a%2Fb', 'a%20b', '*', '%3E', '%00', '%F0%9F%92%A5', 'x'.repeat(200), 'toString', '..%2F..%2Fhealth'],
].map((entity) => `/api/zoho/webhooks/${entity}`);

export const oddContentTypes: readonly (string | undefined)[] = [
  undefined,
  ...[
    '',
    'text/plain',
    'text/xml',
    'application/octet-stream',
    'application/json; charset=utf-16',
    'nonsense',
  ],
  ...[
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'APPLICATION/JSON',
    'application/json;;;',
    'é/ü',
  ],
];

export const wholeBodies: readonly string[] = [
  ...[
    '',
    ' ',
    'null',
    'true',
    '1',
    '""',
    '[]',
    '{}',
    '[[]]',
    '{"invoice":null}',
    '{"invoice":[]}',
    '{"":{}}',
    '{"a":1}',
  ],
  ...[
    '{"__proto__":{}}',
    '{"__proto__":{"invoice_id":"1"}}',
    '{"constructor":{"item_id":"1"}}',
    '<xml/>',
    '\u0000',
    '\ufeff{}',
  ],
  ...[
    '{"invoice":{}}',
    '{"invoice":[{},{}]}',
    '{"a\\u0000b":{}}',
    '{"\\ud800":{}}',
    '{"a.b":{"item_id":"1"}}',
  ],
  ...[
    `{${long(50_000)}:{}}`,
    `{"event_type":${long(50_000)},"data":{}}`,
    '{"event_type":"\\u0000","data":{"a":1}}',
  ],
  ...[
    '{"event_type":"deleted","resource_name":"\\u0000","resource_id":"1"}',
    '{"event_type":"item_created","data":{"item":{"item_id":"7"}}}',
  ],
  ...[
    '{"resource_name":"invoice","event_type":"updated","resource_id":"9"}',
    '{"event_type":"invoice_deleted","data":{"invoice_id":"9"}}',
  ],
];
