import { setTimeout as pause } from 'node:timers/promises';
import type { Instant } from '@tallystream/contracts';
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel';
import { type Budget, openBudget } from '../budget/budget';
import { budgetTimes, type CallEnd } from '../budget/budget-store';
import type { CallOptions } from '../budget/priorities';
import { type SharedToken, sharedToken, tokenTimes } from '../budget/shared-token';
import type { Fields } from '../fields';
import { type CallTimes, callTimes } from './call-times';
import { callEnd, refusalOf } from './refusals';
import { ZohoError } from './zoho-error';
import { countRequest, watchQuota } from './zoho-metrics';
import { type Reply, request } from './zoho-request';
import type { ZohoClientSettings } from './zoho-settings';
import { type Standing, standing } from './zoho-status';

export type ZohoAnswer = Readonly<{ asOf: Instant; body: Fields; text: string }>;

export type ZohoCalls = Readonly<{
  /** @throws ZohoError */
  get: (
    endpoint: string,
    call: CallOptions,
    parameters?: Readonly<Record<string, string>>,
  ) => Promise<ZohoAnswer>;
  budget: Budget;
  standing: Standing;
}>;

const versions = { inventory: 'inventory/v1', books: 'books/v3' } as const;
/** Of 429s, for one call: more than a day's limits ever take, fewer than for ever. */
const MAX_REFUSALS = 20;

/** Calls within the budget, with the reactions of Zoho's table of limits and errors. */
export const zohoCalls = (settings: ZohoClientSettings): ZohoCalls => {
  const times = { ...callTimes, ...settings.times };
  const stands = standing(Date.now);
  const budget = openBudget({
    ...settings,
    times: { ...budgetTimes, ...settings.times },
    onAway: stands.failed,
  });
  const token = sharedToken({ ...settings, times: { ...tokenTimes, ...settings.times } });
  const passing = passingFaults(times);
  watchQuota(budget, settings.signal);

  const get: ZohoCalls['get'] = async (endpoint, call, parameters = {}) => {
    const deadline = call.patienceMs === undefined ? undefined : performance.now() + call.patienceMs;
    const attempt = async () => {
      const parts = { settings, budget, token, timeoutMs: times.timeoutMs };
      try {
        return await ask(parts, endpoint, parameters, left(call, deadline));
      } catch (error) {
        // Also between attempts: a stop, or a host that does not answer, may last for minutes.
        if (!(error instanceof ZohoError) || error.kind !== 'invalid_token') stands.failed(error);
        throw error;
      }
    };
    try {
      const answer = await persevere(
        () => passing.execute(attempt, call.signal),
        token,
        times.soonMs,
        call.signal,
      );
      stands.succeeded();
      return answer;
    } catch (error) {
      const known = error instanceof BrokenCircuitError ? brokenCircuit() : error;
      stands.failed(known);
      throw known;
    }
  };
  return { get, budget, standing: stands };
};

/** 5xx, time-outs, broken JSON: again with growing pauses, at most so often; when it goes on, not at all for a while. */
const passingFaults = ({ retries, retryMs, breaksAfter, openMs }: CallTimes) => {
  const faults = handleWhen(
    (error) => error instanceof ZohoError && (error.kind === 'server_fault' || error.kind === 'unreachable'),
  );
  return wrap(
    // Its pauses are spread at random, so that replicas do not come back all at once.
    retry(faults, { maxAttempts: retries, backoff: new ExponentialBackoff({ initialDelay: retryMs }) }),
    circuitBreaker(faults, { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(breaksAfter) }),
  );
};

const brokenCircuit = (): ZohoError =>
  new ZohoError('unreachable', 'Zoho failed so often that calls pause for a few seconds');

/** A 429 has stopped or slowed the budget, which holds back the next attempt; a token is renewed once. */
const persevere = async (
  attempt: () => Promise<ZohoAnswer>,
  token: SharedToken,
  soonMs: number,
  signal: AbortSignal | undefined,
): Promise<ZohoAnswer> => {
  let hasRenewed = false;
  for (let refusals = 1; ; refusals += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ZohoError) || refusals > MAX_REFUSALS) throw error;
      if (error.kind === 'invalid_token' && hasRenewed) await token.distrust();
      if (error.kind === 'invalid_token' && !hasRenewed) hasRenewed = true;
      else if (error.status !== 429 || error.kind === 'quota_exhausted') throw error;
      else await pause(soonMs * (0.5 + Math.random()) * Math.min(refusals, 10), undefined, { signal });
    }
  }
};

type Parts = Readonly<{
  settings: ZohoClientSettings;
  budget: Budget;
  token: SharedToken;
  timeoutMs: number;
}>;

/** One attempt: waits for its turn, asks, and tells the budget how it went. */
const ask = async (
  { settings, budget, token, timeoutMs }: Parts,
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
  call: CallOptions,
): Promise<ZohoAnswer> => {
  const slot = await budget.reserve(call);
  let end: CallEnd = { sent: false };
  let until: Instant | undefined;
  let reply: Reply;
  let refusal: ZohoError | undefined;
  try {
    const bearer = await token.current();
    end = { sent: true };
    call.onRequest?.();
    reply = await counted(endpoint, () =>
      request(urlOf(settings, endpoint, parameters), {
        headers: { authorization: `Zoho-oauthtoken ${bearer}` },
        signals: [settings.signal, call.signal],
        timeoutMs,
      }),
    );
    refusal = refusalOf(reply);
    end = callEnd(reply, refusal);
    if (refusal?.kind === 'invalid_token') token.reject(bearer);
  } finally {
    until = await budget.settle(slot, end);
  }
  if (refusal) throw until ? refusal.lasting(until) : refusal;
  const { asOf, body, text, status } = reply;
  if (!asOf || !body) throw new ZohoError('server_fault', 'the answer has no Date header', { status });
  return { asOf, body, text };
};

const urlOf = (
  { apiBaseUrl, product, organizationId }: ZohoClientSettings,
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
): URL => {
  const url = new URL(`${apiBaseUrl.replace(/\/+$/, '')}/${versions[product]}/${endpoint}`);
  url.search = new URLSearchParams({ ...parameters, organization_id: organizationId }).toString();
  return url;
};

const counted = async (endpoint: string, send: () => Promise<Reply>): Promise<Reply> => {
  const began = performance.now();
  const count = (code: string) => countRequest(endpoint, code, performance.now() - began);
  try {
    const reply = await send();
    const code = reply.body?.code;
    count(typeof code === 'number' ? String(code) : `http_${reply.status}`);
    return reply;
  } catch (error) {
    count('no_answer');
    throw error;
  }
};

const left = (call: CallOptions, deadline: number | undefined): CallOptions =>
  deadline === undefined ? call : { ...call, patienceMs: Math.max(0, deadline - performance.now()) };
