import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ApiKey, ApiKeys, statusOf } from '@tallystream/access';
import { instantFrom, millisOf, Problem } from '@tallystream/contracts';
import { callerOf, NeedsRole } from '@tallystream/platform';
import type { Request } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { KeyDto, KeyParams, KeysDto, KeysQuery, KeyWithSecretDto, NewKeyBody, RotateBody } from './keys.dto';

const unknown = { description: 'not_found' };
const cannot = { description: 'conflict: it opens nothing any more, or is kept in API_KEYS' };

/** API keys: who has which role. */
@ApiTags('keys')
@NeedsRole('admin')
@Controller('keys')
export class KeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Get()
  @ApiOperation({ summary: 'All keys, the newest first; those of API_KEYS last' })
  @ZodResponse({ status: 200, type: KeysDto })
  list(@Query() { limit, cursor }: KeysQuery) {
    const all = [...this.keys.all()].sort(newestFirst);
    const start = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && start === 0)
      throw new Problem('invalid_request', 'cursor: is not of this list', {
        errors: [{ path: 'cursor', message: 'is not of this list' }],
      });
    const page = all.slice(start, start + limit);
    const hasMore = all.length > start + limit;
    return { items: page.map(this.view), nextCursor: hasMore ? (page.at(-1)?.id ?? null) : null };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One key' })
  @ApiNotFoundResponse(unknown)
  @ZodResponse({ status: 200, type: KeyDto })
  one(@Param() { id }: KeyParams) {
    const key = this.keys.find(id);
    if (!key) throw new Problem('not_found', `There is no key ${id}.`);
    return this.view(key);
  }

  @Post()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Make a key; it is shown in this answer and never again' })
  @ZodResponse({ status: 201, type: KeyWithSecretDto })
  async create(@Body() wanted: NewKeyBody, @Req() request: Request) {
    const { key, secret } = await this.keys.create(wanted, callerOf(request));
    return { ...this.view(key), key: secret };
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'A new key in the place of the old one, which goes on to open for a while' })
  @ApiNotFoundResponse(unknown)
  @ApiConflictResponse(cannot)
  @ZodResponse({ status: 200, type: KeyWithSecretDto })
  async rotate(@Param() { id }: KeyParams, @Body() { graceSeconds }: RotateBody, @Req() request: Request) {
    const { key, secret } = await this.keys.rotate(id, graceSeconds, callerOf(request));
    return { ...this.view(key), key: secret };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a key, everywhere and for good; again changes nothing' })
  @ApiNotFoundResponse(unknown)
  @ZodResponse({ status: 200, type: KeyDto })
  async revoke(@Param() { id }: KeyParams, @Req() request: Request) {
    return this.view(await this.keys.revoke(id, callerOf(request)));
  }

  private readonly view = (key: ApiKey) => {
    const { secrets, ...known } = key;
    const now = Date.now();
    const graceUntil = secrets
      .map(({ until }) => (until ? millisOf(until) : 0))
      .filter((until) => until > now);
    return {
      ...known,
      status: statusOf(key, now),
      lastUsedAt: this.keys.lastUse(key.id),
      graceUntil: graceUntil.length > 0 ? instantFrom(Math.max(...graceUntil)) : undefined,
    };
  };
}

const newestFirst = (a: ApiKey, b: ApiKey): number =>
  (b.createdAt ? millisOf(b.createdAt) : 0) - (a.createdAt ? millisOf(a.createdAt) : 0) ||
  a.id.localeCompare(b.id);
