import { z } from 'zod';
import { instantSchema } from '../../instant';
import type { EventVersion } from '../event-history';
import { CATALOGUE_SOURCE, LEDGER_SOURCE } from '../published-events';

/** The part of JSON Schema that our schemas come out as. */
export type JsonSchema = Readonly<{
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  const?: unknown;
  enum?: readonly string[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  items?: JsonSchema;
  [keyword: string]: unknown;
}>;

/** Draft 7 is the dialect of AsyncAPI 3. `input`, so that readers take fields that come later. */
const toJsonSchema = (schema: z.ZodType): JsonSchema => {
  const { '~standard': _, ...jsonSchema } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return jsonSchema as JsonSchema;
};

/** The data of one version of an event. */
export const dataSchemaOf = ({ schema, schemaId }: EventVersion<unknown>): JsonSchema => {
  const { $schema, ...rest } = toJsonSchema(schema);
  return { $schema, $id: schemaId, ...rest };
};

/** The headers of one version of an event. */
export const headersSchemaOf = ({ ceType, schemaId }: EventVersion<unknown>): JsonSchema => {
  const { properties, ...rest } = envelopeSchema();
  return {
    ...rest,
    properties: {
      ...properties,
      'ce-type': { ...properties?.['ce-type'], const: ceType },
      'ce-dataschema': { ...properties?.['ce-dataschema'], const: schemaId },
    },
  };
};

/** The headers of every event: CloudEvents in binary mode. */
export const envelopeSchema = (): JsonSchema => {
  const { $schema: _, ...rest } = toJsonSchema(envelope);
  return rest;
};

const envelope = z.object({
  'ce-specversion': z.literal('1.0').meta({ description: 'Version of CloudEvents.' }),
  'ce-id': z.string().meta({ description: 'Unique per event; the same in every delivery of it.' }),
  'ce-type': z.string().meta({ description: 'Type and version of the event.' }),
  'ce-source': z.enum([LEDGER_SOURCE, CATALOGUE_SOURCE]).meta({ description: 'Who says so.' }),
  'ce-time': instantSchema.meta({
    format: 'date-time',
    description: 'When it was written, by our clock.',
  }),
  'ce-subject': z.string().meta({
    description:
      'What it is about: `<warehouse>/<item>`, `<document type>/<document id>`, the run, `item/<item>`, or ' +
      '`warehouse/<warehouse>`.',
  }),
  'ce-dataschema': z.string().meta({ description: '`$id` of the JSON Schema of the data.' }),
  'content-type': z.literal('application/json').meta({ description: 'What the body is.' }),
  traceparent: z
    .string()
    .meta({ description: 'W3C trace context of what caused the event; absent without a trace.' })
    .optional(),
  'ce-receivedat': instantSchema
    .meta({
      format: 'date-time',
      description: 'When the webhook that caused it was stored in the inbox; absent without one.',
    })
    .optional(),
});
