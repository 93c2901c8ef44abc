// @ts-check

// node deploy/local/write-event-documents.js: writes docs/asyncapi.json, docs/schemas/ and the tables of
// docs/events.md as the schemas of libs/contracts have them. A unit test there fails while they differ.

const fs = require('node:fs');
const path = require('node:path');
require('../../tests/typescript-hook');
// Past the lib's index, because no process needs the documents while it runs.
const { eventDocuments } = require('../../libs/contracts/src/events/documents');
const { root } = require('./checkout');

const docs = path.join(root, 'docs');
const page = fs.readFileSync(path.join(docs, 'events.md'), 'utf8');
const golden = path.join(root, 'libs', 'contracts', 'src', 'events', 'golden');

const { json, markdown } = eventDocuments(
  ({ fileName }) => JSON.parse(fs.readFileSync(path.join(golden, fileName), 'utf8')),
  page,
);
fs.mkdirSync(path.join(docs, 'schemas'), { recursive: true });
for (const [name, content] of Object.entries(json)) {
  fs.writeFileSync(path.join(docs, name), `${JSON.stringify(content, null, 2)}\n`);
}
for (const [name, text] of Object.entries(markdown)) fs.writeFileSync(path.join(docs, name), text);
