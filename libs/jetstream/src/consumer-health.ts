import { type DependencyHealth, type PartHealth, probe } from '@tallystream/platform';
import type { JetStreamConnection } from './connection';
import { lastSequence } from './read';
import type { JetStreamServer } from './transport/jetstream-server';

/** How long a consumer may fail before that is more than a hiccup. */
const HICCUP_MS = 5_000;

/** Asks who leads a stream, and so would take what is written to it. */
export const probeStream = (
  connection: JetStreamConnection,
  stream: string,
): (() => Promise<DependencyHealth>) => probe(() => lastSequence(connection, stream));

/** Asks NATS for a round trip. */
export const probeNats = (connection: JetStreamConnection): (() => Promise<DependencyHealth>) =>
  probe(async () => connection.current().rtt());

/**
 * The health of a part that shows what its consumers bring: it goes on serving what it has while they fail,
 * so that is `degraded`, with the reason.
 */
export const withConsumers = (
  server: JetStreamServer,
  names: readonly string[],
  part: PartHealth,
): PartHealth => {
  const failing = server
    .consumers()
    .filter(
      ({ name, state, since }) =>
        names.includes(name) && state === 'failing' && Date.now() - since > HICCUP_MS,
    );
  if (failing.length === 0 || part.status === 'down') return part;
  const detail = failing.map(({ name, lastError }) => `${name}: ${lastError ?? 'failing'}`).join('; ');
  return { ...part, status: 'degraded', detail };
};
