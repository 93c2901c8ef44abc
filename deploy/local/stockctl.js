#!/usr/bin/env node
// @ts-check

// npx stockctl …: the operator's command line, against the system that runs here or TALLY_URL and API_KEY.

const { spawn } = require('node:child_process');
const { ensureBuilt } = require('./build');
const { ensureDependencies } = require('./dependencies');
const { readRunEnv } = require('./run-env');

async function main() {
  await ensureDependencies();
  const program = await ensureBuilt('stockctl');
  const env = { ...readRunEnv(), ...process.env };
  const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { env, stdio: 'inherit' });
  child.once('exit', (code) => process.exit(code ?? 1));
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
