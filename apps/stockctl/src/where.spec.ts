import { InvalidArgumentError } from 'commander';
import { isReadableOnTheWay, whereFrom } from './where';

const local = { TALLY_URL: 'http://127.0.0.1:3100', API_KEY: 'local-key' };

describe('which Tallystream is asked, and with which key', () => {
  it.each([
    ['nothing set', {}, undefined, { url: 'http://127.0.0.1:3000', key: undefined }],
    ['what runs here', local, undefined, { url: 'http://127.0.0.1:3100', key: 'local-key' }],
    [
      'a key of one’s own',
      { ...local, STOCKCTL_API_KEY: 'mine' },
      undefined,
      { url: 'http://127.0.0.1:3100', key: 'mine' },
    ],
    [
      'another address, which does not get the local key',
      { ...local, STOCKCTL_URL: 'https://tally.example.com/' },
      undefined,
      { url: 'https://tally.example.com', key: undefined },
    ],
    [
      'one on the command line before all others',
      { ...local, STOCKCTL_URL: 'https://a.example.com', STOCKCTL_API_KEY: 'remote' },
      'https://b.example.com/tally/api/',
      { url: 'https://b.example.com/tally', key: 'remote' },
    ],
  ])('%s', (_, env, given, expected) => {
    expect(whereFrom(env, given)).toEqual(expected);
  });

  it.each([
    'tally',
    'ftp://tally.example.com',
    'https://u:p@tally.example.com',
    'https://t.example.com?key=x',
  ])('not %s', (given) => {
    expect(() => whereFrom({}, given)).toThrow(InvalidArgumentError);
  });

  it.each([
    ['http://127.0.0.1:3000', false],
    ['http://localhost:3000', false],
    ['http://[::1]:3000', false],
    ['https://tally.example.com', false],
    ['http://proxy:8080', false],
    ['http://tally.example.com', true],
    ['http://127.0.0.1.example.com', true],
    ['http://[2001:db8::1]:3000', true],
  ])('what is sent to %s can be read on the way: %p', (url, expected) => {
    expect(isReadableOnTheWay(url)).toBe(expected);
  });
});
