import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import asyncApiMetaSchema from '@asyncapi/specs/schemas/3.0.0.json';
import Ajv, { type AnySchemaObject, type Options } from 'ajv';
import { DEFAULT_NAMESPACE, namingFor } from '../../naming';
import type { CatalogueEvent } from '../catalog-events';
import { decoderOf } from '../event-history';
import { allPublishedEvents } from '../published-events';
import type { StockEvent } from '../stock-event';
import { eventDocuments } from '.';
import { allVersions, asyncApi, type GoldenFor } from './async-api';
import { type Channel, channelOf, channels } from './channels';
import { withTables } from './event-tables';
import { dataSchemaOf, headersSchemaOf, type JsonSchema } from './json-schema';

const DOCS = join(__dirname, '..', '..', '..', '..', '..', 'docs');
const GOLDEN = join(__dirname, '..', 'golden');
const committed = (name: string): string => readFileSync(join(DOCS, name), 'utf8');

const goldenFor: GoldenFor = ({ fileName }) => JSON.parse(readFileSync(join(GOLDEN, fileName), 'utf8'));
const versions = allVersions.map(({ type, version }) => ({ type, version, ...goldenFor(version) }));

const documents = eventDocuments(goldenFor, committed('events.md'));
/** Formats are for code generators: what an instant is, its pattern says. */
const lenient: Options = { strict: false, validateFormats: false };
const faults = (schema: AnySchemaObject, data: unknown, options: Options = {}) => {
  const validate = new Ajv({ ...lenient, ...options }).compile(schema);
  return validate(data) ? [] : validate.errors;
};

describe('docs/, or else: npm run docs:events', () => {
  it.each(Object.entries(documents.json))('%s is what the schemas say', (name, generated) => {
    // Compared without the formatter's line breaks, but in the same order.
    expect(JSON.stringify(JSON.parse(committed(name)), null, 1)).toBe(JSON.stringify(generated, null, 1));
  });

  it.each(Object.entries(documents.markdown))('%s has the tables of the schemas', (name, generated) => {
    expect(committed(name)).toBe(generated);
  });

  it('schemas/ has a file per published version and no other', () => {
    const files = versions.map(({ version }) => `${version.ceType}.json`);
    expect(readdirSync(join(DOCS, 'schemas')).sort()).toEqual(files.sort());
  });

  it('cannot be written into a page without a place for the tables', () => {
    expect(() => withTables('# Events')).toThrow('the page lacks');
  });
});

describe.each(versions)('the schemas of $version.ceType', ({ version, headers, body }) => {
  it('take the golden example', () => {
    expect(faults(dataSchemaOf(version), body)).toEqual([]);
    expect(faults(headersSchemaOf(version), headers)).toEqual([]);
  });

  it('are named in the envelope', () => {
    expect(headers['ce-dataschema']).toBe(dataSchemaOf(version).$id);
  });

  it('refuse other data and another type', () => {
    expect(faults(dataSchemaOf(version), {})).not.toEqual([]);
    expect(faults(headersSchemaOf(version), { ...headers, 'ce-type': 'other' })).not.toEqual([]);
  });

  it('take fields that come later', () => {
    expect(faults(dataSchemaOf(version), { ...Object(body), later: true })).toEqual([]);
  });

  it('describe every field', () => {
    expect(undescribed('data', dataSchemaOf(version))).toEqual([]);
    expect(undescribed('headers', headersSchemaOf(version), { title: false })).toEqual([]);
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApi(goldenFor);

  it('is one of AsyncAPI 3.0', () => {
    // The meta-schema brings draft 7 along; a second one, of ajv itself, would make its name ambiguous.
    const own: Options = { meta: false, validateSchema: false };
    expect(faults(asyncApiMetaSchema, document, own)).toEqual([]);
    expect(faults(asyncApiMetaSchema, { ...document, channels: [] }, own)).not.toEqual([]);
  });

  it('refers only to what there is', () => {
    for (const reference of references(document)) {
      const target = reference.startsWith('#/') ? at(document, reference.slice(1)) : committed(reference);
      expect([reference, target]).toEqual([reference, expect.anything()]);
    }
  });

  it.each(versions)('has $version.ceType on its channel', ({ type, version }) => {
    const { messages } = Object(document.channels)[channelOf[type]];
    expect(messages).toHaveProperty([version.ceType]);
    expect(document.components.messages).toHaveProperty([version.ceType]);
  });

  it.each(versions)('gives $version.ceType the subject it is written to', ({ type, headers, body }) => {
    const channel: Channel = channels[channelOf[type]];
    const address = channel.address.replace(/\{(\w+)\}/g, (_, name: string) =>
      String(at(body, channel.parameters[name]?.location.replace('$message.payload#', '') ?? '')),
    );
    const event = decodeAny(headers['ce-type'] ?? '', Buffer.from(JSON.stringify(body)));
    expect(address).toBe(subjectOf(event));
  });
});

const naming = namingFor(DEFAULT_NAMESPACE);

const decodeAny = decoderOf(allPublishedEvents);

const subjectOf = ({ type, data }: StockEvent | CatalogueEvent): string => {
  switch (type) {
    case 'StockChanged':
      return naming.levelSubject(data);
    case 'DocumentApplied':
      return naming.documentSubject(data.document.type, data.document.id);
    case 'DriftDetected':
    case 'DriftResolved':
      return naming.driftSubject(data.driftId);
    case 'SyncStarted':
    case 'SyncFinished':
      return naming.runSubject(data.runId);
    case 'ItemCatalogued':
      return naming.catalogItemSubject(data.itemId);
    case 'WarehouseCatalogued':
      return naming.catalogWarehouseSubject(data.warehouseId);
  }
};

/** The paths of a schema that say nothing of what they are. */
const undescribed = (path: string, schema: JsonSchema, { title } = { title: true }): readonly string[] => [
  ...(title && schema.properties && !schema.title ? [`${path} has no title`] : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${path}.${name}`]),
    ...undescribed(`${path}.${name}`, field),
  ]),
  ...(schema.items ? undescribed(`${path}[]`, schema.items) : []),
];

const references = (value: unknown): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)));

const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => Object(inner)[key], value);
