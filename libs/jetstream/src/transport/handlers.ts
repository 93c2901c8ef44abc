import {
  type ArgumentsHost,
  applyDecorators,
  Catch,
  type RpcExceptionFilter,
  UseFilters,
} from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { StreamName, StreamSeq } from '@tallystream/contracts';
import { type Observable, throwError } from 'rxjs';

/** A durable pull consumer whose messages are handled one by one, several at a time. */
export type MessageConsumer = Readonly<{
  name: string;
  stream: StreamName;
  /** Subjects, without the namespace. */
  filter: string;
  /** How many messages are handled at a time. */
  concurrency: number;
  /**
   * To begin a message again costs nobody else anything: while a stream that the handler writes to has no leader, it is
   * kept in hand.
   */
  isPatient?: true;
}>;

/** Stores that are shown by their own time from webhook to effect. */
export type Store = 'postgres' | 'redis' | 'audit';

/** A durable pull consumer whose messages are handled in order, in batches; see `OnBatch`. */
export type BatchConsumer = Readonly<{
  name: string;
  stream: StreamName;
  filter: string;
  maxBatch: number;
  /** Where the effect of webhooks then shows, for `tally_end_to_end_seconds`. */
  store?: Store;
  /** Leave the bodies where they are. */
  headersOnly?: true;
}>;

/**
 * Where a batch consumer begins: after the checkpoint of its store, or with the last message of every
 * subject, for stores in which only the newest state matters. When `until` aborts, because the ownership or
 * the store itself was lost, the consumer asks again.
 */
export type StartPosition = Readonly<
  ({ after: StreamSeq } | { seed: 'last-per-subject' }) & { until?: AbortSignal }
>;

export type HandlerExtras =
  | Readonly<{ kind: 'message'; consumer: MessageConsumer }>
  | Readonly<{ kind: 'batch'; consumer: BatchConsumer }>
  | Readonly<{ kind: 'start' }>;

export const startPattern = (consumerName: string): string => `${consumerName}:start`;

/**
 * Handles one message: `(message: StreamMessage, delivery: Delivery)`. Returning acknowledges it; throwing
 * brings it back later, and on the last attempt puts it into the dead letters. Throw `DeadLetter` for what
 * no further attempt can change.
 */
export const OnMessage = (consumer: MessageConsumer): MethodDecorator =>
  handler(consumer.name, { kind: 'message', consumer });

/**
 * Handles a batch: `(messages: readonly StreamMessage[])`, in stream order, without gaps. The handler moves
 * the checkpoint of its store in the transaction that applies the batch; the acknowledgement to NATS is flow
 * control only. When it throws, the consumer begins again at the position that `OnStart` gives.
 */
export const OnBatch = (consumer: BatchConsumer): MethodDecorator =>
  handler(consumer.name, { kind: 'batch', consumer });

/**
 * Says where a batch consumer begins: `(signal: AbortSignal) => Promise<StartPosition | undefined>`. It may
 * wait, for instance until this replica owns the projection; `signal` ends the waiting, with nothing.
 */
export const OnStart = ({ name }: BatchConsumer): MethodDecorator =>
  handler(startPattern(name), { kind: 'start' });

/** Says when a message consumer stops taking messages: it then asks again whether it may. */
export type Turn = Readonly<{ until: AbortSignal }>;

/**
 * Lets a message consumer wait for its turn, where only one replica may consume at a time:
 * `(signal: AbortSignal) => Promise<Turn | undefined>`; `signal` ends the waiting, with nothing.
 */
export const OnTurn = ({ name }: MessageConsumer): MethodDecorator =>
  handler(startPattern(name), { kind: 'start' });

/** Lets the transport see the handler's own error; Nest's default filter would hide it. */
@Catch()
class PassErrors implements RpcExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => error);
  }
}

const handler = (pattern: string, extras: HandlerExtras): MethodDecorator =>
  applyDecorators(MessagePattern(pattern, extras) as MethodDecorator, UseFilters(new PassErrors()));
