import { type ConsumerConfig, type ConsumerInfo, type NatsError, nuid } from 'nats';
import { API_TIMEOUT_MS, type JetStreamConnection, orUnavailable } from './connection';
import { apiError } from './errors';

/**
 * Makes a consumer that only we know of and that goes when we do, under a name of its own. The client (nats
 * 2.29.3) asks for one without a name, or with several filters, on a subject where the name stands in the body
 * only: whoever may ask there may alter the consumers of others (nats-server 2.14), so our users may not.
 * @throws NatsUnavailable, NotPermitted, JetStreamRefused
 */
export const passingConsumer = async (
  connection: JetStreamConnection,
  stream: string,
  config: Partial<ConsumerConfig>,
): Promise<ConsumerInfo> => {
  const name = `passing-${nuid.next()}`;
  const filter = config.filter_subject === undefined ? '' : `.${config.filter_subject}`;
  const request = { stream_name: stream, action: 'create', config: { ...config, name } };
  const reply = await (await connection.ready())
    .request(`$JS.API.CONSUMER.CREATE.${stream}.${name}${filter}`, JSON.stringify(request), {
      timeout: API_TIMEOUT_MS,
    })
    .catch((error: unknown) => {
      throw orUnavailable(error);
    });
  const answer: ConsumerInfo & Readonly<{ error?: NatsError['api_error'] }> = reply.json();
  if (answer.error) throw apiError(answer.error);
  return answer;
};
