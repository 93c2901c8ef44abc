// @ts-check

// node tests/bench/run.js <bench…> [--rounds n] [--events n] [--json] [--write] [--cpu-prof folder]: see main.ts.

const path = require('node:path');
const { runCommand } = require('../typescript-command');

runCommand(path.join(__dirname, 'main'));
