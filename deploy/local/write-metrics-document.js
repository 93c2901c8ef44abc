// @ts-check

// node deploy/local/write-metrics-document.js: writes the table of docs/metrics.md as the code has it. A unit test
// fails while they differ.

const fs = require('node:fs');
const path = require('node:path');
require('../../tests/typescript-hook');
const { allMetrics, withTable } = require('../../apps/standalone/src/metrics-table');
const { root } = require('./checkout');

const file = path.join(root, 'docs', 'metrics.md');
fs.writeFileSync(file, withTable(fs.readFileSync(file, 'utf8'), allMetrics()));
process.exit();
