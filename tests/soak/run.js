// @ts-check

// node tests/soak/run.js [--minutes n] [--rate n] [--write] [--json]: see main.ts.

const path = require('node:path');
const { runCommand } = require('../typescript-command');

runCommand(path.join(__dirname, 'main'));
