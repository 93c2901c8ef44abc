import { allVersions, asyncApi, type GoldenFor } from './async-api';
import { withTables } from './event-tables';
import { dataSchemaOf } from './json-schema';

/** What is written to docs/ for subscribers, by file name; `page` is docs/events.md as it is. */
export const eventDocuments = (goldenFor: GoldenFor, page: string) => ({
  json: {
    'asyncapi.json': asyncApi(goldenFor),
    ...Object.fromEntries(
      allVersions.map(({ version }) => [`schemas/${version.ceType}.json`, dataSchemaOf(version)]),
    ),
  },
  markdown: { 'events.md': withTables(page) },
});
