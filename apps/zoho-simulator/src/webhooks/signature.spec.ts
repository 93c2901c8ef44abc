import { signature, stringToSign } from './signature';

const query = new URL('http://receiver.example/?org=10234695&zone=a%20b&event=invoice.updated').searchParams;
const body = '{"invoice":{"customer_name":"قهوة"}}';

it('runs the sorted, decoded pairs and the raw body together', () => {
  expect(stringToSign(query, body)).toBe(`eventinvoice.updatedorg10234695zonea b${body}`);
});

it('signs as worked out with another implementation of HMAC', () => {
  expect(signature('a-secret-of-tests', query, body)).toBe(
    '2280362275158c33e4b8d1c02118845cea30d91192d3bd3fa208d4a68999217e',
  );
});
