// @ts-check

// node tests/chaos/run.js [--minutes n] [--faults n] [--seed n] [--per-second n] [--cluster] [--only text] [--together] [--json]: see main.ts.

const path = require('node:path');
const { runCommand } = require('../typescript-command');

runCommand(path.join(__dirname, 'main'));
