import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { type Naming, Problem } from '@tallystream/contracts';
import { lastValueFrom } from 'rxjs';
import type { JetStreamConnection } from '../connection';
import { RESTART_PAUSE_MS } from '../persist';
import { provisionStreams } from '../provision';
import { type ConsumerStatus, serveReports } from '../reports';
import type { StreamMessage } from '../stream-message';
import { runBatchLoop } from './batch-loop';
import { type Delivery, defaultRetryTiming, type RetryTiming } from './delivery';
import { type HandlerExtras, type StartPosition, startPattern, type Turn } from './handlers';
import { runMessageLoop } from './message-loop';
import { failures, handledMessages } from './metrics';
import { type Rate, rateOver } from './rate';
import { type ConfigurationParts, restoreConfiguration } from './restore-configuration';

type Status = { -readonly [Field in keyof Omit<ConsumerStatus, 'rate'>]: ConsumerStatus[Field] };

export type JetStreamServerParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  /** Who we are, to operators. */
  process?: string;
  /** Called when the process cannot do its work: streams or consumers cannot be set up as the code wants them. */
  fatal: (error: Error) => void;
  timing?: RetryTiming;
  /** Of each stream, at least: see `provisionStreams`. */
  replicas?: number;
  /** How often streams and consumers are compared with what the code wants, in milliseconds. */
  compareEveryMs?: number;
}>;

const COMPARE_EVERY_MS = 60_000;
const DRAIN_MS = 9_000;
const WARN_AGAIN_MS = 60_000;
const PROVISION_AGAIN_MS = 1_000;

/**
 * Nest's transport for JetStream pull consumers. Handlers are marked `OnMessage`, `OnBatch` and `OnStart`.
 * It starts at once and consumes as soon as NATS is there; whatever breaks begins again by itself.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  private readonly stopping = new AbortController();
  private readonly stopped = new Promise<void>((resolve) => {
    this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  private readonly loops: Promise<void>[] = [];
  private readonly statuses = new Map<string, Status>();
  private readonly rates = new Map<string, Rate>();
  private readonly lastWarnings = new Map<string, number>();

  constructor(private readonly parts: JetStreamServerParts) {
    super();
    // Every loop listens to it, and there is one for each consumer.
    setMaxListeners(0, this.stopping.signal);
  }

  listen(started: (error?: unknown) => void): void {
    const handlers = [...this.getHandlers().values()].flatMap((handler) => {
      const extras = handler.extras as HandlerExtras | undefined;
      return extras?.kind === 'message' || extras?.kind === 'batch' ? [{ extras, handler }] : [];
    });
    const provisioned = this.provisioned();
    for (const { extras, handler } of handlers) {
      const run = this.loopOf(extras, handler);
      this.loops.push(provisioned.then(() => this.keepRunning(extras.consumer.name, run)));
    }
    // Who has no consumers is not asked, and may not listen (ADR 16).
    if (handlers.length > 0) this.loops.push(this.answerReports());
    this.loops.push(provisioned.then(() => this.keepConfiguration(handlers.map(({ extras }) => extras))));
    started();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    // A batch that hangs must not hold up the stop: its transaction rolls back and is done again.
    await Promise.race([Promise.all(this.loops), pause(DRAIN_MS, undefined, { ref: false })]);
  }

  consumers(): readonly ConsumerStatus[] {
    return [...this.statuses.values()].map((status) => ({
      ...status,
      rate: this.rateOf(status.name).perSecond(),
    }));
  }

  on(): never {
    throw new Error('JetStreamServer has no events to listen to; ask consumers() for their state');
  }

  unwrap<T>(): T {
    return this.parts.connection as T;
  }

  private loopOf(extras: Extract<HandlerExtras, { consumer: unknown }>, handler: MessageHandler) {
    const { connection, naming, timing = defaultRetryTiming } = this.parts;
    const { signal } = this.stopping;
    const { name } = extras.consumer;
    const report = (error: unknown) => this.failed(name, error);
    if (extras.kind === 'message') {
      const { consumer } = extras;
      const awaitTurn = this.getHandlerByPattern(startPattern(name));
      const handle = async (message: StreamMessage, delivery: Delivery) => {
        await invoke(handler, message, delivery);
        this.progressed(name, message.seq, 1);
      };
      return async () => {
        const turn = awaitTurn ? ((await invoke(awaitTurn, signal)) as Turn | undefined) : { until: signal };
        if (!turn) return;
        const ending = AbortSignal.any([signal, turn.until]);
        await runMessageLoop({ connection, naming, consumer, timing, signal: ending, report, handle });
      };
    }
    const { consumer } = extras;
    const start = this.getHandlerByPattern(startPattern(name));
    if (!start) throw new Error(`batch consumer "${name}" has no OnStart handler`);
    return () =>
      runBatchLoop({
        connection,
        naming,
        consumer,
        signal,
        start: async (ending) => (await invoke(start, ending)) as StartPosition | undefined,
        handle: async (messages) => void (await invoke(handler, messages)),
        progressed: (sequence, count) => this.progressed(name, sequence, count),
        idle: () => this.works(name),
      });
  }

  /** Runs a loop for as long as the process lives, beginning again, later and later, when it fails. */
  private async keepRunning(name: string, run: () => Promise<void>): Promise<void> {
    let restartPause = RESTART_PAUSE_MS.first;
    const status = this.statusOf(name);
    while (!this.stopping.signal.aborted) {
      const handledBefore = status.handled;
      try {
        await this.connected();
        if (!this.stopping.signal.aborted) await run();
      } catch (error) {
        this.failed(name, error);
      }
      if (status.handled > handledBefore) restartPause = RESTART_PAUSE_MS.first;
      await this.rest(restartPause);
      restartPause = Math.min(restartPause * 2, RESTART_PAUSE_MS.longest);
    }
  }

  /** Sets the streams up. Tries until it works; a refusal that will not pass ends the process. */
  private async provisioned(): Promise<void> {
    const { connection, naming, replicas } = this.parts;
    while (!this.stopping.signal.aborted) {
      if (await this.setRight(() => provisionStreams(connection, naming, replicas))) return;
      await this.rest(PROVISION_AGAIN_MS);
    }
  }

  /** Tells whoever asks how our consumers are doing, as long as we run. */
  private async answerReports(): Promise<void> {
    await this.connected();
    if (this.stopping.signal.aborted || !this.parts.connection.isConnected()) return;
    const { connection, naming, process = 'unnamed' } = this.parts;
    const answers = serveReports(connection, naming, () => ({ process, consumers: this.consumers() }));
    await this.stopped;
    answers.unsubscribe();
  }

  /** Compares now and then, as others have their hands on the server, too. */
  private async keepConfiguration(handlers: ConfigurationParts['handlers']): Promise<void> {
    const { timing = defaultRetryTiming, compareEveryMs = COMPARE_EVERY_MS } = this.parts;
    for (;;) {
      await this.rest(compareEveryMs);
      if (this.stopping.signal.aborted) return;
      await this.setRight(() => restoreConfiguration({ ...this.parts, timing, handlers }));
    }
  }

  /** @returns whether all is as the code wants it */
  private async setRight(work: () => Promise<readonly string[]>): Promise<boolean> {
    try {
      await this.connected();
      if (!this.stopping.signal.aborted) for (const change of await work()) this.logger.log(change);
      return true;
    } catch (error) {
      if (error instanceof Problem) this.logger.warn(`streams: ${error.message}; trying again`);
      else this.parts.fatal(error instanceof Error ? error : new Error(String(error)));
      return !(error instanceof Problem);
    }
  }

  private rest(millis: number): Promise<void> {
    return pause(millis, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Resolves when NATS is there, or when there is no need for it any more. */
  private async connected(): Promise<void> {
    await Promise.race([this.parts.connection.ready(), this.stopped]);
  }

  private statusOf(name: string): Status {
    const known = this.statuses.get(name);
    if (known) return known;
    const fresh: Status = { name, state: 'waiting', since: Date.now(), handled: 0, position: 0 };
    this.statuses.set(name, fresh);
    return fresh;
  }

  private rateOf(name: string): Rate {
    const known = this.rates.get(name) ?? rateOver();
    this.rates.set(name, known);
    return known;
  }

  private progressed(name: string, position: number, count: number): void {
    this.works(name);
    this.rateOf(name).count(count);
    handledMessages.inc({ consumer: name }, count);
    const status = this.statusOf(name);
    status.handled += count;
    status.position = position;
  }

  private works(name: string): void {
    const status = this.statusOf(name);
    if (status.state !== 'running') Object.assign(status, { state: 'running', since: Date.now() });
    delete status.lastError;
  }

  private failed(name: string, error: unknown): void {
    const status = this.statusOf(name);
    const message = error instanceof Error ? error.message : String(error);
    failures.inc({ consumer: name });
    if (status.state !== 'failing') Object.assign(status, { state: 'failing', since: Date.now() });
    const isDue = Date.now() - (this.lastWarnings.get(name) ?? 0) >= WARN_AGAIN_MS;
    if (status.lastError !== message || isDue) {
      this.logger.warn(`${name}: ${message}`);
      this.lastWarnings.set(name, Date.now());
    }
    status.lastError = message;
  }
}

/** Calls a handler through Nest's pipes and interceptors, with its error coming through. */
const invoke = async (handler: MessageHandler, data: unknown, context?: unknown): Promise<unknown> => {
  const result: unknown = await handler(data, context);
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
};

const isObservable = (value: unknown): value is import('rxjs').Observable<unknown> =>
  typeof value === 'object' && value !== null && 'subscribe' in value;
