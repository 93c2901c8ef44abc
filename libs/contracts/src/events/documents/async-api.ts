import { DEFAULT_NAMESPACE, namingFor } from '../../naming';
import type { EventVersion } from '../event-history';
import { allPublishedEvents } from '../published-events';
import { type Channel, type ChannelName, channelOf, channels, type EventType } from './channels';
import { dataSchemaOf, headersSchemaOf } from './json-schema';

/** A message as it was published: the content of a golden file. */
export type GoldenEvent = Readonly<{ headers: Readonly<Record<string, string>>; body: unknown }>;
export type GoldenFor = (version: EventVersion<unknown>) => GoldenEvent;

/** The AsyncAPI 3.0 document for subscribers: every subject, and every version that may be met on it. */
export const asyncApi = (goldenFor: GoldenFor) => ({
  asyncapi: '3.0.0',
  info,
  defaultContentType: 'application/json',
  servers,
  channels: mapValues(channels, (channel, name) => channelObject(name, channel)),
  operations: Object.fromEntries(
    channelNames.map((name) => [`publish-${name}`, { ...operation, channel: ref('channels', name) }]),
  ),
  components: {
    messages: Object.fromEntries(
      allVersions.map(({ version }) => [version.ceType, messageObject(version, goldenFor(version))]),
    ),
    securitySchemes: {
      user: { type: 'userPassword', description: 'A NATS user who may read; `npm start` asks for none.' },
    },
  },
});

const naming = namingFor(DEFAULT_NAMESPACE);

const info = {
  title: 'Tallystream stock events',
  version: '1.0.0',
  description:
    `Immutable events on the JetStream streams \`${naming.stream('STOCK')}\`, kept forever, and ` +
    `\`${naming.stream('CATALOG')}\`, the newest 64 per subject. Consume the streams, not the bare subjects: a ` +
    'core NATS subscription also sees what a stream then refused. In a namespace other than ' +
    `\`${DEFAULT_NAMESPACE}\`, streams are named \`<namespace>_…\` and each subject begins with ` +
    '`<namespace>.`. How to consume: events.md, beside this file.',
  license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
};

const servers = {
  nats: {
    host: '{host}:{port}',
    protocol: 'nats',
    description: 'NATS with JetStream. What `npm start` runs is at `NATS_URL` in `.local/run.env`.',
    variables: {
      host: { default: 'localhost', description: 'Where NATS runs.' },
      port: { default: '4222', description: 'The port for clients.' },
    },
    security: [{ $ref: '#/components/securitySchemes/user' }],
  },
};

const operation = { action: 'send', summary: 'Tallystream appends; subscribers read.' };

const channelObject = (name: ChannelName, channel: Channel) => ({
  ...channel,
  servers: [ref('servers', 'nats')],
  messages: Object.fromEntries(
    versionsOn(name).map(({ ceType }) => [ceType, ref('components', 'messages', ceType)]),
  ),
});

const messageObject = (version: EventVersion<unknown>, golden: GoldenEvent) => {
  const { title, description } = dataSchemaOf(version);
  return {
    name: version.ceType,
    title,
    description,
    contentType: 'application/json',
    headers: headersSchemaOf(version),
    payload: { $ref: `./schemas/${version.ceType}.json` },
    examples: [{ name: version.ceType, headers: golden.headers, payload: golden.body }],
  };
};

const channelNames = Object.keys(channels) as ChannelName[];

/** Every version of every event: what may be met in the stream. */
export const allVersions = (Object.keys(allPublishedEvents) as EventType[]).flatMap((type) =>
  allPublishedEvents[type].versions.map((version) => ({ type, version })),
);

const versionsOn = (name: ChannelName): readonly EventVersion<unknown>[] =>
  allVersions.filter(({ type }) => channelOf[type] === name).map(({ version }) => version);

const ref = (...path: readonly string[]) => ({ $ref: `#/${path.join('/')}` });

const mapValues = <Key extends string, Value, Result>(
  record: Readonly<Record<Key, Value>>,
  change: (value: Value, key: Key) => Result,
) =>
  Object.fromEntries(
    (Object.entries(record) as [Key, Value][]).map(([key, value]) => [key, change(value, key)]),
  );
