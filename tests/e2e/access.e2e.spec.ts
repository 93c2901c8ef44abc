import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { isAtLeast, type Role, roles } from '@tallystream/platform';
import { eventually } from '@tallystream/testing';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { ADMIN_KEY } from './api';
import { isRole, knock, type Route, routesOf } from './routes';
import { type System, startSystem } from './system';

const golden = (): Record<string, string> =>
  JSON.parse(readFileSync(path.join(__dirname, 'golden', 'roles.json'), 'utf8'));

type KeyAnswer = Readonly<{
  id: string;
  key: string;
  status: string;
  lastUsedAt?: string;
  graceUntil?: string;
}>;

describe('who may do what', () => {
  let system: System;
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  const secrets: string[] = [ADMIN_KEY];
  const keyOf = new Map<Role, string>();

  const create = async (body: object): Promise<KeyAnswer> => {
    const answer = await system.ask<KeyAnswer>('/api/keys', { body });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    secrets.push(answer.body.key);
    return answer.body;
  };
  const statusOf = async (key: string, route = '/api/balances', on: Pick<System, 'ask'> = system) =>
    (await on.ask(route, { key })).status;
  const keyNamed = (role: Role): string => {
    const key = keyOf.get(role);
    if (!key) throw new Error(`no key of the role ${role}`);
    return key;
  };

  beforeAll(async () => {
    issuer = await startIssuer();
    system = await startSystem({
      env: {
        // All there is to say, so that a key in the log would be found.
        LOG_LEVEL: 'trace',
        AUTH_JWKS_URL: issuer.url,
        AUTH_AUDIENCE: 'tallystream',
        AUTH_ROLE_CLAIM: 'realm_access.roles',
      },
    });
    for (const role of roles) keyOf.set(role, (await create({ name: `a ${role}`, role })).key);
  }, 60_000);
  afterAll(async () => {
    await system?.stop();
    await issuer?.stop();
  });

  describe('every route of the OpenAPI document', () => {
    let routes: readonly Route[];
    beforeAll(async () => {
      routes = await routesOf(system.url);
    });

    it('names the role that tests/e2e/golden/roles.json has for it, and none is missing', () => {
      expect(routes.length).toBeGreaterThan(30);
      expect(
        Object.fromEntries(routes.map(({ method, path: at, role }) => [`${method} ${at}`, role])),
      ).toEqual(golden());
    });

    it('lets nobody in without a key, with one that is wrong, or one that is revoked', async () => {
      const { id, key: revoked } = await create({ name: 'left the company', role: 'admin' });
      expect((await system.ask(`/api/keys/${id}/revoke`, { method: 'POST' })).status).toBe(200);
      for (const route of routes.filter(({ role }) => role !== 'open')) {
        for (const key of ['', `${keyNamed('admin')}x`, revoked]) {
          expect([route, await knock(system.url, route, key)]).toEqual([
            route,
            { status: 401, code: 'unauthorized' },
          ]);
        }
      }
    });

    it.each(roles)('lets in a key of the role %s where that is enough, and nowhere else', async (role) => {
      for (const route of routes) {
        if (!isRole(route.role)) continue;
        const answer = await knock(system.url, route, keyNamed(role));
        const isIn = answer.status !== 401 && answer.status !== 403;
        expect([route, isIn]).toEqual([route, isAtLeast(role, route.role)]);
        if (!isIn) expect(answer).toEqual({ status: 403, code: 'forbidden' });
      }
    });

    it('that is open asks for no key', async () => {
      for (const route of routes.filter(({ role }) => role === 'open')) {
        expect((await knock(system.url, route, '')).code).not.toBe('unauthorized');
      }
    });
  });

  describe('a token of the issuer', () => {
    const claims = (): JWTPayload => ({
      sub: 'someone',
      aud: 'tallystream',
      exp: Math.floor(Date.now() / 1_000) + 300,
      realm_access: { roles: ['offline_access', 'operator'] },
    });

    it('opens what its role opens', async () => {
      const token = await issuer.sign(claims());
      expect(await statusOf(token)).toBe(200);
      expect(await statusOf(token, '/api/sync/runs')).toBe(200);
      expect(await statusOf(token, '/api/keys')).toBe(403);
    });

    it('without a role of ours is 403', async () => {
      expect(await statusOf(await issuer.sign({ ...claims(), realm_access: { roles: ['boss'] } }))).toBe(403);
    });

    it.each<[string, () => Promise<string>]>([
      ['forged', () => issuer.forge(claims())],
      ['expired', () => issuer.sign({ ...claims(), exp: Math.floor(Date.now() / 1_000) - 60 })],
      ['for another audience', () => issuer.sign({ ...claims(), aud: 'payroll' })],
      ['of the algorithm none', async () => new UnsecuredJWT(claims()).encode()],
      ['HS256 with the public key', () => issuer.confuse(claims())],
    ])('that is %s is 401', async (_what, make) => {
      const token = await make();
      secrets.push(token);
      expect(await statusOf(token)).toBe(401);
    });
  });

  describe('a key', () => {
    it('in the URL is 401, also beside a good one', async () => {
      expect(await statusOf('', `/api/balances?api_key=${keyNamed('reader')}`)).toBe(401);
      expect(await statusOf(keyNamed('reader'), `/api/balances?item=${keyNamed('reader')}`)).toBe(401);
      expect(await statusOf('', `/api/stock/${keyNamed('reader')}`)).toBe(401);
    });

    it('is made, used, rotated and revoked, in all replicas', async () => {
      const replica = await system.join();
      const shop = await create({ name: 'متجر', role: 'reader' });
      await eventually(
        async () => expect(await statusOf(shop.key, '/api/balances', replica)).toBe(200),
        1_000,
      );

      const rotated = await system.ask<KeyAnswer>(`/api/keys/${shop.id}/rotate`, {
        body: { graceSeconds: 600 },
      });
      secrets.push(rotated.body.key);
      expect(rotated.body.graceUntil).toBeDefined();
      for (const key of [shop.key, rotated.body.key])
        await eventually(async () => expect(await statusOf(key, '/api/balances', replica)).toBe(200), 1_000);

      const listed = await system.get<{ items: KeyAnswer[] }>('/api/keys?limit=500');
      expect(listed.items.find(({ id }) => id === shop.id)).toMatchObject({
        name: 'متجر',
        role: 'reader',
        status: 'active',
        source: 'created',
        createdBy: 'e2e',
        lastUsedAt: expect.any(String),
      });
      for (const secret of secrets) expect(JSON.stringify(listed)).not.toContain(secret);

      await replica.ask(`/api/keys/${shop.id}/revoke`, { method: 'POST' });
      for (const key of [shop.key, rotated.body.key])
        for (const process of [system, replica])
          await eventually(
            async () => expect(await statusOf(key, '/api/balances', process)).toBe(401),
            1_000,
          );
      const again = await system.ask(`/api/keys/${shop.id}/rotate`, { method: 'POST' });
      expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    });

    it.each<[string, unknown, string]>([
      ['no name', { role: 'reader' }, 'name'],
      ['an empty name', { name: ' ', role: 'reader' }, 'name'],
      ['a name with a colon', { name: 'a:b', role: 'reader' }, 'name'],
      ['a role that is none', { name: 'shop', role: 'king' }, 'role'],
      [
        'an end in the past',
        { name: 'shop', role: 'reader', expiresAt: '2020-01-01T00:00:00Z' },
        'expiresAt',
      ],
      ['an end that is no time', { name: 'shop', role: 'reader', expiresAt: 'tomorrow' }, 'expiresAt'],
      ['no reads', { name: 'shop', role: 'reader', readsPerMinute: 0 }, 'readsPerMinute'],
      ['a field that is none', { name: 'shop', role: 'reader', key: 'my own' }, 'key'],
    ])('cannot be made with %s: 400', async (_what, body, field) => {
      const answer = await system.ask<{ errors?: { path: string }[] }>('/api/keys', { body });
      expect(answer.status).toBe(400);
      expect(answer.body.errors?.map((error) => error.path)).toContain(field);
    });

    it.each<[string, string, unknown, number]>([
      ['GET', '/api/keys/nobody', undefined, 404],
      ['POST', '/api/keys/nobody/revoke', undefined, 404],
      ['POST', '/api/keys/nobody/rotate', undefined, 404],
      ['POST', '/api/keys/no.body/revoke', undefined, 400],
      ['POST', '/api/keys/nobody/rotate', { graceSeconds: -1 }, 400],
      ['GET', '/api/keys?cursor=nobody', undefined, 400],
    ])('%s %s with %j: %d', async (method, at, body, status) => {
      const request = { method: method === 'GET' ? 'GET' : 'POST', ...(body ? { body } : {}) } as const;
      expect((await system.ask(at, request)).status).toBe(status);
    });

    it('are listed page by page, each once', async () => {
      type Page = Readonly<{ items: KeyAnswer[]; nextCursor: string | null }>;
      const all = (await system.get<Page>('/api/keys?limit=500')).items.map(({ id }) => id);
      const paged: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Page = await system.get(`/api/keys?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
        paged.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(paged).toEqual(all);
    });
  });

  it('lets each key read so often, and says when it may again', async () => {
    const { key } = await create({ name: 'busy', role: 'operator', readsPerMinute: 3 });
    for (const remaining of [2, 1, 0]) {
      const answer = await system.ask('/api/balances', { key });
      expect([answer.status, answer.headers.get('ratelimit-remaining')]).toEqual([200, String(remaining)]);
      expect(answer.headers.get('ratelimit-limit')).toBe('3');
    }
    const refused = await system.ask('/api/audit/events', { key });
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60);
    // An operator's work is no read, and somebody else's reads are their own.
    expect(await statusOf(key, '/api/sync/runs')).toBe(200);
    expect(await statusOf(keyNamed('reader'))).toBe(200);
    expect(await statusOf('', '/health/ready')).toBe(200);
  });

  it('counts and logs every kind of refusal, and no key of anybody', async () => {
    const metrics = await (await fetch(`${system.url}/metrics`)).text();
    const reasons = [
      'no_key',
      'key_in_url',
      'unknown_key',
      'revoked_key',
      'expired',
      'bad_token',
      'weak_role',
    ];
    for (const reason of [...reasons, 'too_many_reads']) {
      expect(metrics).toMatch(new RegExp(`^tally_requests_refused_total\\{reason="${reason}"\\} [1-9]`, 'm'));
      expect(system.output()).toContain(`"reason":"${reason}"`);
    }
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of secrets) {
      expect(metrics).not.toContain(secret);
      expect(system.output()).not.toContain(secret);
    }
  });
});

/** Whoever gives out tokens, and somebody who would like to. */
const startIssuer = async () => {
  const [ours, theirs] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const keys = [{ ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256' }];
  const server: Server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const header = { alg: 'ES256', kid: 'k1' };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    sign: (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader(header).sign(ours.privateKey),
    forge: (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader(header).sign(theirs.privateKey),
    confuse: async (claims: JWTPayload) => {
      const signed = `${part({ alg: 'HS256', kid: 'k1' })}.${part(claims)}`;
      const secret = await exportSPKI(ours.publicKey);
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
