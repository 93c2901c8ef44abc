import { createHash, createHmac, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem } from '@tallystream/contracts';
import { type Caller, loadConfig } from '@tallystream/platform';
import {
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { looksLikeToken, type Tokens, tokensOf } from './tokens';

const AUDIENCE = 'tallystream';
const ISSUER = 'https://login.example.com/';
const SUBJECT = 'auth0|5f7c8ec7c33c6c004bbafe82';
const NAME = `jwt:${createHash('sha256').update(SUBJECT).digest('hex').slice(0, 16)}`;
const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** The issuer: its public keys over HTTP, or trouble. */
class Issuer {
  keys: object[] = [];
  answer: 'keys' | 'error' | 'nonsense' = 'keys';
  asked = 0;
  private readonly server: Server = createServer((_request, response) => {
    this.asked += 1;
    response.statusCode = this.answer === 'error' ? 500 : 200;
    response.end(this.answer === 'nonsense' ? '<html>' : JSON.stringify({ keys: this.keys }));
  });

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async publish(kid: string, { publicKey }: GenerateKeyPairResult, alg: string): Promise<void> {
    this.keys = [...this.keys, { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }];
  }
}

let rsa: GenerateKeyPairResult;
let stranger: GenerateKeyPairResult;
let issuer: Issuer;
let tokens: Tokens;
let url: string;

const open = (env: Readonly<Record<string, string>> = {}): Tokens => {
  const config = loadConfig([], {
    AUTH_JWKS_URL: url,
    AUTH_AUDIENCE: AUDIENCE,
    AUTH_ISSUER: ISSUER,
    AUTH_ROLE_CLAIM: 'roles',
    ...env,
  });
  const opened = tokensOf(config, () => undefined);
  if (!opened) throw new Error('no tokens');
  return opened;
};

const good = (): JWTPayload => ({
  sub: SUBJECT,
  aud: AUDIENCE,
  iss: ISSUER,
  exp: nowSeconds() + 300,
  roles: ['auditor'],
});
const sign = (
  payload: JWTPayload,
  key: GenerateKeyPairResult = rsa,
  header: { alg?: string; kid?: string } = {},
) => new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'first', ...header }).sign(key.privateKey);
const without = (name: string): JWTPayload => {
  const { [name]: _left, ...rest } = good();
  return rest;
};
const allButDate = [
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
] as const;
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Problem ? error.code : String(error);
};

beforeAll(async () => {
  [rsa, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
});
beforeEach(async () => {
  issuer = new Issuer();
  await issuer.publish('first', rsa, 'RS256');
  url = await issuer.open();
  tokens = open();
});
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  tokens.close();
  await issuer.close();
});

const bad: [string, () => Promise<string>, string?][] = [
  ['signed by somebody else', () => sign(good(), stranger)],
  [
    'changed after it was signed',
    async () => {
      const [head, , signature] = (await sign(good())).split('.');
      const body = Buffer.from(JSON.stringify({ ...good(), roles: ['admin'] })).toString('base64url');
      return `${head}.${body}.${signature}`;
    },
  ],
  [
    'without a signature',
    async () => {
      const [head, body] = (await sign(good())).split('.');
      return `${head}.${body}.`;
    },
  ],
  ['of the algorithm none', async () => new UnsecuredJWT(good()).encode()],
  [
    'of the algorithm none, naming a key',
    async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none', kid: 'first' })}.${part(good())}.`;
    },
  ],
  [
    'HS256, with the public key as its secret',
    async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${part({ alg: 'HS256', kid: 'first' })}.${part(good())}`;
      const secret = await exportSPKI(createPublicKey(await exportSPKI(rsa.publicKey)));
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    },
  ],
  ['of a key that the issuer does not have', () => sign(good(), stranger, { kid: 'second' })],
  ['for another audience', () => sign({ ...good(), aud: 'payroll' })],
  ['for no audience', () => sign(without('aud'))],
  ['from another issuer', () => sign({ ...good(), iss: 'https://evil.example.com/' })],
  ['from no issuer', () => sign(without('iss'))],
  ['without an end', () => sign(without('exp'))],
  ['of nobody', () => sign(without('sub'))],
  ['not valid yet', () => sign({ ...good(), nbf: nowSeconds() + 60 })],
  ['expired', () => sign({ ...good(), exp: nowSeconds() - 30 }), 'expired'],
  ['no token at all', async () => 'e30.e30.e30'],
  [
    'of which the claims are a text',
    async () => `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.InRleHQi.e30`,
  ],
];

describe('a token that is no good', () => {
  it.each(bad)('%s, lets nobody in', async (_what, make, fault = 'bad_token') => {
    expect(await tokens.holderOf(await make())).toEqual({ fault });
  });

  it('is not taken for good because a good one came before', async () => {
    const token = await sign(good());
    await tokens.holderOf(token);
    expect(await tokens.holderOf(`${token.slice(0, -4)}AAAA`)).toEqual({ fault: 'bad_token' });
  });
});

describe('a good token', () => {
  it('lets in whom it is of, by a name that tells nothing of the person', async () => {
    expect(await tokens.holderOf(await sign(good()))).toEqual({ id: NAME, name: NAME, role: 'auditor' });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed by %s', async (alg) => {
    const pair = await generateKeyPair(alg);
    await issuer.publish(alg, pair, alg);
    expect(await tokens.holderOf(await sign(good(), pair, { alg, kid: alg }))).toMatchObject({
      role: 'auditor',
    });
  });

  it('is good when clocks differ by seconds', async () => {
    const early = await sign({ ...good(), nbf: nowSeconds() + 5 });
    const late = await sign({ ...good(), exp: nowSeconds() - 5 });
    expect(await tokens.holderOf(early)).toMatchObject({ role: 'auditor' });
    expect(await tokens.holderOf(late)).toMatchObject({ role: 'auditor' });
  });

  it('may be for several audiences, and of any issuer where none is set', async () => {
    tokens.close();
    tokens = open({ AUTH_ISSUER: '' });
    const token = await sign({ ...good(), iss: 'https://other.example.com/', aud: ['payroll', AUDIENCE] });
    expect(await tokens.holderOf(token)).toMatchObject({ role: 'auditor' });
  });

  it('ends when it says, also where it is in use or was seen before', async () => {
    const token = await sign({ ...good(), exp: nowSeconds() + 20 });
    const caller = (await tokens.holderOf(token)) as Caller;
    expect(tokens.isStillGood(caller)).toBe(true);
    const [moment, now] = [performance.now(), Date.now()];
    jest.spyOn(performance, 'now').mockReturnValue(moment + 31_000);
    jest.useFakeTimers({ now: now + 31_000, doNotFake: [...allButDate] });
    expect(tokens.isStillGood(caller)).toBe(false);
    expect(await tokens.holderOf(token)).toEqual({ fault: 'expired' });
  });
});

describe('the role of a token', () => {
  it.each<[string, string, unknown, string]>([
    ['a word', 'roles', 'operator', 'operator'],
    ['several words', 'roles', 'openid reader profile', 'reader'],
    ['a list, of which the strongest counts', 'roles', ['reader', 'operator', 'auditor'], 'operator'],
    ['a list with others in it', 'roles', ['staff', 7, null, 'reader'], 'reader'],
    ['none that we know', 'roles', ['superadmin', 'ADMIN', 'admins'], 'none'],
    ['no words', 'roles', { admin: true }, 'none'],
    ['empty', 'roles', [], 'none'],
  ])('%s', async (_what, claim, value, role) => {
    expect(await tokens.holderOf(await sign({ ...without('roles'), [claim]: value }))).toMatchObject({
      role,
    });
  });

  it('absent, is none', async () => {
    expect(await tokens.holderOf(await sign(without('roles')))).toMatchObject({ role: 'none' });
  });

  it.each<[string, JWTPayload, string]>([
    ['realm_access.roles', { realm_access: { roles: ['operator'] } }, 'operator'],
    [
      'https://tallystream.example.com/roles',
      { 'https://tallystream.example.com/roles': ['reader'] },
      'reader',
    ],
    ['realm_access.roles', { realm_access: 'admin' }, 'none'],
    ['__proto__.role', { role: 'admin' }, 'none'],
    ['constructor.name', {}, 'none'],
  ])('is where AUTH_ROLE_CLAIM=%s says', async (AUTH_ROLE_CLAIM, claims, role) => {
    tokens.close();
    tokens = open({ AUTH_ROLE_CLAIM });
    expect(await tokens.holderOf(await sign({ ...without('roles'), ...claims }))).toMatchObject({ role });
  });
});

describe('the keys of the issuer', () => {
  it('are asked for once, however many tokens come at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => tokens.holderOf(await sign(good()))),
    );
    expect(all.every((found) => !('fault' in found))).toBe(true);
    expect(issuer.asked).toBe(1);
  });

  it('are not asked for again for every forged one', async () => {
    await tokens.holderOf(await sign(good()));
    for (let n = 0; n < 20; n += 1) {
      expect(await tokens.holderOf(await sign(good(), stranger, { kid: `forged-${n}` }))).toEqual({
        fault: 'bad_token',
      });
    }
    expect(issuer.asked).toBe(1);
  });

  it('are asked for again when a new one appears', async () => {
    const clock = jest.spyOn(performance, 'now');
    await tokens.holderOf(await sign(good()));
    const second = await generateKeyPair('RS256');
    await issuer.publish('second', second, 'RS256');
    const start = performance.now();
    clock.mockImplementation(() => start + 30_000);
    expect(await tokens.holderOf(await sign(good(), second, { kid: 'second' }))).toMatchObject({
      role: 'auditor',
    });
    expect(issuer.asked).toBe(2);
  });

  it.each(['error', 'nonsense'] as const)('go on while the issuer is in trouble (%s)', async (trouble) => {
    const clock = jest.spyOn(performance, 'now');
    await tokens.holderOf(await sign(good()));
    issuer.answer = trouble;
    const start = performance.now();
    clock.mockImplementation(() => start + 3_600_000);
    const known = await sign({ ...good(), jti: 'another' });
    expect(await tokens.holderOf(known)).toMatchObject({ role: 'auditor' });
    // Whether this one is good, nobody can say now.
    const unknown = await sign(good(), stranger, { kid: 'second' });
    expect(await codeOf(tokens.holderOf(unknown))).toBe('store_unavailable');
    expect(await codeOf(tokens.holderOf(unknown))).toBe('store_unavailable');
    expect(issuer.asked).toBe(2);
    expect(await tokens.holderOf(await sign({ ...good(), jti: 'a third' }))).toMatchObject({
      role: 'auditor',
    });
  });

  it('that were never read: nobody can say, until the issuer is back', async () => {
    const clock = jest.spyOn(performance, 'now');
    issuer.answer = 'error';
    expect(await codeOf(tokens.holderOf(await sign(good())))).toBe('store_unavailable');
    issuer.answer = 'keys';
    const start = performance.now();
    clock.mockImplementation(() => start + 5_000);
    expect(await tokens.holderOf(await sign(good()))).toMatchObject({ role: 'auditor' });
  });
});

describe('what looks like a token', () => {
  it.each([
    ['e30.e30.c2ln', true],
    ['e30.e30.', true],
    ['tally_0f1e2d3c4b5a_abc', false],
    ['a.b', false],
    ['a.b.c.d', false],
    ['a b.c.d', false],
  ])('%s: %s', (text, isToken) => {
    expect(looksLikeToken(text)).toBe(isToken);
  });
});

it('takes no tokens without an issuer', () => {
  expect(tokensOf(loadConfig([], {}), () => undefined)).toBeUndefined();
});
