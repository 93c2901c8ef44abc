import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadConfig } from '../config/load-config';
import { type Role, roles } from '../config/variables';
import { platformModule } from '../platform.module';
import { NeedsRole, Open } from './role-guard';

@Controller('doors')
class Doors {
  @Get('reader') @NeedsRole('reader') reader(): string {
    return 'in';
  }
  @Get('auditor') @NeedsRole('auditor') auditor(): string {
    return 'in';
  }
  @Get('operator') @NeedsRole('operator') operator(): string {
    return 'in';
  }
  @Get('admin') @NeedsRole('admin') admin(): string {
    return 'in';
  }
  @Get('open') @Open() open(): string {
    return 'in';
  }
  @Get('forgotten') forgotten(): string {
    return 'in';
  }
}

@NeedsRole('operator')
@Controller('house')
class House {
  @Get('room') room(): string {
    return 'in';
  }
  @Get('hall') @NeedsRole('reader') hall(): string {
    return 'in';
  }
  @Get('porch') @Open() porch(): string {
    return 'in';
  }
}

const keyOf = (role: Role): string => `${role}-key-of-the-test`;
const config = loadConfig([], {
  LOG_LEVEL: 'silent',
  API_KEYS: roles.map((role) => `${role}-person:${role}:${keyOf(role)}`).join(','),
});

@Module({ imports: [platformModule(config)], controllers: [Doors, House] })
class App {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const knock = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}/${path}`, { headers });
  return { status: response.status, headers: response.headers, body: await response.text() };
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const strength: Readonly<Record<Role, number>> = { reader: 1, auditor: 2, operator: 3, admin: 4 };
const matrix = roles.flatMap((role) =>
  roles.map((door) => ({ role, door, status: strength[role] >= strength[door] ? 200 : 403 })),
);

describe('a door with a role', () => {
  it.each(matrix)('$door answers a key of the role $role with $status', async ({ role, door, status }) => {
    const answer = await knock(`doors/${door}`, bearer(keyOf(role)));
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toBe('in');
    else {
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'forbidden',
        detail: `This needs the role ${door}; the key "${role}-person" has ${role}.`,
      });
      expect(answer.body).not.toContain(keyOf(role));
    }
  });

  it.each<{ what: string; headers: Record<string, string>; query?: string }>([
    { what: 'no key', headers: {} },
    { what: 'a wrong key', headers: bearer('no-key-of-anybody') },
    { what: 'an empty key', headers: bearer('') },
    { what: 'a name instead of a key', headers: bearer('admin-person') },
    { what: 'a key and something more', headers: bearer(`${keyOf('admin')} x`) },
    { what: 'a key without scheme', headers: { authorization: keyOf('admin') } },
    { what: 'a key in another scheme', headers: { authorization: `Basic ${keyOf('admin')}` } },
    { what: 'a wrong X-Api-Key', headers: { 'x-api-key': 'no-key-of-anybody' } },
    { what: 'a wrong key before a right one', headers: { ...bearer('x'), 'x-api-key': keyOf('admin') } },
    { what: 'a key in the query', headers: {}, query: `?api_key=${keyOf('admin')}&key=${keyOf('admin')}` },
    { what: 'a key in a cookie', headers: { cookie: `x-api-key=${keyOf('admin')}` } },
  ])('stays closed, given $what: 401', async ({ headers, query = '' }) => {
    const answer = await knock(`doors/reader${query}`, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'unauthorized',
      detail: 'Send an API key as "Authorization: Bearer <key>".',
    });
  });

  it.each<{ what: string; headers: Record<string, string> }>([
    { what: 'X-Api-Key', headers: { 'x-api-key': keyOf('reader') } },
    { what: 'a scheme in lower case', headers: { authorization: `bearer ${keyOf('reader')}` } },
    {
      what: 'X-Api-Key beside another scheme',
      headers: { authorization: 'Basic eA==', 'x-api-key': keyOf('reader') },
    },
  ])('opens by $what', async ({ headers }) => {
    expect(await knock('doors/reader', headers)).toMatchObject({ status: 200, body: 'in' });
  });
});

describe('a door without a role', () => {
  it.each(roles.map((role) => ({ role, status: role === 'admin' ? 200 : 403 })))(
    'answers a key of the role $role with $status: forgetting opens nothing',
    async ({ role, status }) => {
      expect((await knock('doors/forgotten', bearer(keyOf(role)))).status).toBe(status);
    },
  );

  it('stays closed without a key', async () => {
    expect((await knock('doors/forgotten')).status).toBe(401);
  });
});

describe('an open door', () => {
  it.each<{ what: string; headers: Record<string, string> }>([
    { what: 'no key', headers: {} },
    { what: 'a wrong key', headers: bearer('no-key-of-anybody') },
  ])('lets in whoever has $what', async ({ headers }) => {
    expect((await knock('doors/open', headers)).status).toBe(200);
  });
});

describe('a role on the whole controller', () => {
  it.each([
    { door: 'room', role: 'auditor', status: 403 },
    { door: 'room', role: 'operator', status: 200 },
    { door: 'hall', role: 'reader', status: 200 },
    { door: 'porch', role: undefined, status: 200 },
    { door: 'hall', role: undefined, status: 401 },
  ] as const)('is overruled by the route: $door, $role, $status', async ({ door, role, status }) => {
    expect((await knock(`house/${door}`, role ? bearer(keyOf(role)) : {})).status).toBe(status);
  });
});
