import type { JetStreamConnection } from './connection';
import { orUnavailable } from './connection';

/**
 * Tells whoever listens now, on core NATS: nothing is kept. Resolves when the server has it.
 * @throws NatsUnavailable
 */
export const announce = async (
  connection: JetStreamConnection,
  subject: string,
  body: unknown,
): Promise<void> => {
  try {
    const nats = connection.current();
    nats.publish(subject, Buffer.from(JSON.stringify(body)));
    await nats.flush();
  } catch (error) {
    throw orUnavailable(error);
  }
};
