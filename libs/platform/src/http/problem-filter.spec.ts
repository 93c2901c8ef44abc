import {
  BadRequestException,
  Body,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  type INestApplication,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Problem, runIdSchema } from '@tallystream/contracts';
import { json, type Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Open } from '../auth/role-guard';
import { loadConfig } from '../config/load-config';
import { platformModule } from '../platform.module';
import { fieldErrors } from './problem-filter';

/** As a client of another service throws it: a status of its own, which is not our answer. */
class UpstreamError extends Error {
  constructor(readonly status: number) {
    super('upstream said no to key 1000.hush');
  }
}

const errors: Readonly<Record<string, () => unknown>> = {
  problem: () => new Problem('forbidden', 'not with this key'),
  problemWithFields: () =>
    new Problem('invalid_request', 'two faults', { errors: [{ path: 'limit', message: 'is too large' }] }),
  problemExtended: () =>
    new Problem('run_in_progress', 'wait for it', { extensions: { runId: runIdSchema.parse('full-1') } }),
  problemLater: () => new Problem('store_unavailable', 'NATS is away', { retryAfterSeconds: 5 }),
  badRequest: () => new BadRequestException('no such date'),
  unauthorized: () => new UnauthorizedException('who are you'),
  forbidden: () => new ForbiddenException('not yours'),
  notFound: () => new NotFoundException('no item 12'),
  tooMany: () => new HttpException('slow down', 429),
  teapot: () => new HttpException('short and stout', 418),
  unavailable: () => new ServiceUnavailableException('password is hush'),
  unknown: () => new Error('password is hush'),
  text: () => 'password is hush',
  nothing: () => undefined,
  upstream404: () => new UpstreamError(404),
  upstream401: () => new UpstreamError(401),
  upstream429: () => new UpstreamError(429),
};

class ListQuery extends createZodDto(
  z.object({ limit: z.coerce.number().int().max(200).default(50), item: z.string().min(1, 'must be given') }),
) {}

class Bulk extends createZodDto(
  z.object({ itemIds: z.array(z.string().regex(/^\d+$/, 'must be digits')) }),
) {}

@Open()
@Controller()
class Thrower {
  @Get('throw/:what') throw(@Param('what') what: string): never {
    throw errors[what]?.();
  }
  @Get('list') list(@Query() query: ListQuery): unknown {
    return query;
  }
  @Post('bulk') bulk(@Body() body: Bulk): unknown {
    return body;
  }
  @Get('stream') async stream(@Res() response: Response): Promise<never> {
    await new Promise((resolve) => response.write('first line\n', resolve));
    throw new Error('in the middle');
  }
}

@Module({
  imports: [platformModule(loadConfig([], { LOG_LEVEL: 'silent' }))],
  controllers: [Thrower],
})
class App {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create(App, { logger: false, bodyParser: false });
  app.use(json({ limit: '1kb' }));
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${url}/${path}`, init);
  const text = await response.text();
  const type = response.headers.get('content-type');
  return { status: response.status, headers: response.headers, type, text, body: JSON.parse(text) };
};

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

it('names the first places of a list that is wrong in thousands', async () => {
  const { status, body, text } = await post('bulk', JSON.stringify({ itemIds: Array(200).fill('x') }));
  expect(status).toBe(400);
  expect(body.errors).toHaveLength(20);
  expect(body.errors[19]).toEqual({ path: 'itemIds.19', message: 'must be digits' });
  expect(body.detail).toMatch(/^itemIds\.0: must be digits; .*; and 180 more$/);
  expect(text.length).toBeLessThan(5_000);
});

describe('an error thrown by a route', () => {
  it.each<{ what: string; status: number; code: string; detail: string }>([
    { what: 'problem', status: 403, code: 'forbidden', detail: 'not with this key' },
    { what: 'badRequest', status: 400, code: 'invalid_request', detail: 'no such date' },
    { what: 'unauthorized', status: 401, code: 'unauthorized', detail: 'who are you' },
    { what: 'forbidden', status: 403, code: 'forbidden', detail: 'not yours' },
    { what: 'notFound', status: 404, code: 'not_found', detail: 'no item 12' },
    { what: 'tooMany', status: 429, code: 'too_many_requests', detail: 'slow down' },
    { what: 'teapot', status: 400, code: 'invalid_request', detail: 'not accepted' },
    { what: 'unavailable', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'unknown', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'text', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'nothing', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'upstream404', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'upstream401', status: 500, code: 'internal', detail: 'The error is in our log.' },
    { what: 'upstream429', status: 500, code: 'internal', detail: 'The error is in our log.' },
  ])('$what becomes $status $code', async ({ what, status, code, detail }) => {
    const answer = await ask(`throw/${what}`);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toEqual({
      type: `https://tallystream.com/problems/${code.replaceAll('_', '-')}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail,
      code,
    });
    expect(answer.text).not.toMatch(/hush|at .*\.ts/);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  it('carries the members that its code brings', async () => {
    const { status, body } = await ask('throw/problemExtended');
    expect(status).toBe(409);
    expect(body).toEqual({
      type: 'https://tallystream.com/problems/run-in-progress',
      title: 'A run of this kind is going on',
      status: 409,
      detail: 'wait for it',
      code: 'run_in_progress',
      runId: 'full-1',
    });
  });

  it('names the fields that are wrong', async () => {
    const { body } = await ask('throw/problemWithFields');
    expect(body).toMatchObject({ status: 400, errors: [{ path: 'limit', message: 'is too large' }] });
  });

  it('says when to come back', async () => {
    const { status, headers } = await ask('throw/problemLater');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('5');
  });

  it('cuts an answer that has begun, so that it is not taken as whole', async () => {
    const whole = fetch(`${url}/stream`).then((response) => response.text());
    await expect(whole).rejects.toThrow(/terminated|fetch failed/);
  });
});

describe('a request that does not fit', () => {
  it.each<{ path: string; errors: readonly { path: string; message: string }[] }>([
    { path: 'list', errors: [{ path: 'item', message: expect.any(String) }] },
    { path: 'list?item=', errors: [{ path: 'item', message: 'must be given' }] },
    { path: 'list?item=1&limit=201', errors: [{ path: 'limit', message: expect.stringContaining('200') }] },
    {
      path: 'list?item=&limit=1.5',
      errors: [
        { path: 'limit', message: expect.stringContaining('int') },
        { path: 'item', message: 'must be given' },
      ],
    },
  ])('in the query: $path', async ({ path, errors: faults }) => {
    const { status, body } = await ask(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', errors: faults });
    expect(body.detail).toBe(
      body.errors
        .map((fault: { path: string; message: string }) => `${fault.path}: ${fault.message}`)
        .join('; '),
    );
  });

  it.each([
    { body: '{"itemIds":["1","x"]}', path: 'itemIds.1' },
    { body: '{"itemIds":"1"}', path: 'itemIds' },
    { body: '{}', path: 'itemIds' },
    { body: '[]', path: '(root)' },
  ])('in the body: $body', async ({ body, path }) => {
    const answer = await post('bulk', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });

  it('fits otherwise, with its defaults', async () => {
    expect((await ask('list?item=1')).body).toEqual({ item: '1', limit: 50 });
    expect((await post('bulk', '{"itemIds":["1"]}')).body).toEqual({ itemIds: ['1'] });
  });
});

describe('what never reaches a route', () => {
  it.each<{ what: string; act: () => ReturnType<typeof ask>; status: number; code: string }>([
    { what: 'an unknown path', act: () => ask('nowhere'), status: 404, code: 'not_found' },
    {
      what: 'a path that cannot be decoded',
      act: () => ask('throw/%E0%A4%A'),
      status: 400,
      code: 'invalid_request',
    },
    { what: 'broken JSON', act: () => post('bulk', '{"itemIds":'), status: 400, code: 'invalid_request' },
    {
      what: 'a body over the limit',
      act: () => post('bulk', `{"a":"${'x'.repeat(2000)}"}`),
      status: 413,
      code: 'body_too_large',
    },
    {
      what: 'a charset that nobody has',
      act: () => post('bulk', '{}', { 'content-type': 'application/json; charset=klingon' }),
      status: 415,
      code: 'unsupported_media_type',
    },
    {
      what: 'an encoding that nobody has',
      act: () => post('bulk', '{}', { 'content-encoding': 'zip' }),
      status: 415,
      code: 'unsupported_media_type',
    },
  ])('$what becomes $status $code', async ({ act, status, code }) => {
    const answer = await act();
    expect(answer.status).toBe(status);
    expect(answer.type).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ status, code });
  });
});

describe('the errors of a schema', () => {
  it('are named by their path', () => {
    const schema = z.object({ rows: z.array(z.object({ id: z.string() })) });
    const { error } = schema.safeParse({ rows: [{ id: '1' }, { id: 2 }] });
    expect(error && fieldErrors(error)).toEqual([{ path: 'rows.1.id', message: expect.any(String) }]);
  });

  it('of fields that there are not name each of them', () => {
    const schema = z.object({ rows: z.array(z.strictObject({ id: z.string() })) });
    const { error } = schema.safeParse({ rows: [{ id: '1', colour: 'red', size: 7 }] });
    expect((error && fieldErrors(error))?.map(({ path }) => path)).toEqual(['rows.0.colour', 'rows.0.size']);
  });

  it('of the whole are those of the root', () => {
    const { error } = z.string().safeParse(5);
    expect(error && fieldErrors(error)).toEqual([{ path: '(root)', message: expect.any(String) }]);
  });
});
