import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import type { Fault } from '../door/faults';
import { SIMULATOR, type Simulator } from '../simulator';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';

const count = z.number().int().min(0).max(1_000_000);
/** `null` switches a limit off. */
const limit = count
  .min(1)
  .nullable()
  .transform((value) => value ?? undefined);
const limits = z
  .strictObject({
    perMinute: limit,
    blockSeconds: z.number().min(0).max(3600),
    perDay: limit,
    concurrency: limit,
    headers: z.enum(['off', 'minute', 'day']),
    retryAfter: z.boolean(),
    usedToday: count,
  })
  .partial();
const expected = z
  .string()
  .min(1)
  .nullable()
  .transform((value) => value ?? undefined);
const accounts = z
  .strictObject({
    clientId: expected,
    clientSecret: expected,
    refreshToken: expected,
    lifeSeconds: z.number().int().min(1).max(86_400),
    requestsPerTenMinutes: limit,
    withdrawn: z.array(z.string().min(1)),
  })
  .partial();
const fault = z.strictObject({
  /** As `GET control/calls` names it: `items`, `items/:id`, `itemdetails`, `token`, …; `*` for all. */
  endpoint: z.string().min(1).default('*'),
  times: count.min(1).default(1),
  after: count.default(0),
  kind: z.enum(['answer', 'broken', 'hang', 'cut', 'latency']).default('answer'),
  status: z.number().int().min(200).max(599).default(500),
  code: z.number().int().default(1000),
  message: z.string().default('Internal Error'),
  headers: z.record(z.string(), z.string()).default({}),
  milliseconds: z.number().int().min(0).max(600_000).default(1000),
});
const manners = z
  .strictObject({
    places: z.enum(['locations', 'warehouses']),
    numbers: z.enum(['numbers', 'strings']),
  })
  .partial();

/** What stands before the API: limits, accounts, faults, and the count of all calls. */
@Controller('control')
@UseGuards(LoopbackGuard)
export class DoorController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Get('limits')
  limits() {
    return this.simulator.limits.state(this.simulator.clock.milliseconds());
  }

  @Post('limits')
  @HttpCode(200)
  setLimits(@Body() body: unknown) {
    this.simulator.limits.change(controlInput(limits, body), this.simulator.clock.milliseconds());
    return this.limits();
  }

  @Post('limits/reset')
  @HttpCode(200)
  resetLimits() {
    this.simulator.limits.reset();
    return this.limits();
  }

  @Get('calls')
  calls() {
    return this.simulator.calls.state();
  }

  @Post('calls/reset')
  @HttpCode(200)
  resetCalls() {
    this.simulator.calls.reset();
    return this.calls();
  }

  @Get('accounts')
  accounts() {
    return this.simulator.accounts.state();
  }

  @Post('accounts')
  @HttpCode(200)
  setAccounts(@Body() body: unknown) {
    this.simulator.accounts.change(controlInput(accounts, body));
    return this.accounts();
  }

  /** All tokens issued so far are refused with 401, code 14. */
  @Post('accounts/expire')
  @HttpCode(200)
  expireTokens() {
    this.simulator.accounts.expireAll(this.simulator.clock.milliseconds());
    return this.accounts();
  }

  @Post('accounts/reset')
  @HttpCode(200)
  resetAccounts() {
    this.simulator.accounts.reset();
    return this.accounts();
  }

  @Get('faults')
  faults() {
    return this.simulator.faults.state();
  }

  @Post('faults')
  @HttpCode(200)
  addFault(@Body() body: unknown) {
    const { endpoint, times, after, ...wanted } = controlInput(fault, body);
    this.simulator.faults.add({ endpoint, times, after, fault: faultOf(wanted) });
    return this.faults();
  }

  @Post('faults/reset')
  @HttpCode(200)
  resetFaults() {
    this.simulator.faults.reset();
    return this.faults();
  }

  @Post('manners')
  @HttpCode(200)
  setManners(@Body() body: unknown) {
    Object.assign(this.simulator.manners, controlInput(manners, body));
    const { places, numbers, spoiled } = this.simulator.manners;
    return { places, numbers, spoiled: Object.fromEntries(spoiled) };
  }
}

type WantedFault = Omit<z.infer<typeof fault>, 'endpoint' | 'times' | 'after'>;

const faultOf = ({ kind, status, code, message, headers, milliseconds }: WantedFault): Fault => {
  switch (kind) {
    case 'answer':
      return { kind, status, code, message, headers };
    case 'latency':
      return { kind, milliseconds };
    default:
      return { kind };
  }
};
