import { wordsOf } from './in-flight';

const json = JSON.stringify({
  invoice: { invoice_id: '17', line_items: [{ item_id: '2646610000000109854' }] },
});

describe('the words of a webhook', () => {
  it.each([
    ['JSON', json],
    ['a form', new URLSearchParams({ JSONString: json }).toString()],
    [
      'a form, in small letters',
      `JSONString=${encodeURIComponent(json).replaceAll(/%../g, (it) => it.toLowerCase())}`,
    ],
  ])('hold the id of each item, in %s', (_what, body) => {
    expect(wordsOf(body)).toEqual(expect.arrayContaining(['item_id', '2646610000000109854']));
  });
});
