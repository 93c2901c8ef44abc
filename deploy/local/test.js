// @ts-check

// npm test: everything that must hold. A failing step hides no other one; the last line sums up.

const fs = require('node:fs');
const path = require('node:path');
const { ensureBuilt } = require('./build');
const { root } = require('./checkout');
const { ensureDependencies } = require('./dependencies');
const { jestArguments, tallyOfFile } = require('./jest-tier');
const { requireNode } = require('./node-version');
const { npm } = require('./npm-client');
const { runTool } = require('./run-tool');
const { removeData, startMissingServers, temporaryData } = require('./servers');
const { stopSignal } = require('./stop-signal');

const stepDeadlineMs = 30 * 60_000;

/** @typedef {import('./jest-tier').Tally} Tally */

requireNode();
const stopped = stopSignal();
main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);

/** @returns {Promise<number>} the exit code */
async function main() {
  await ensureDependencies(stopped);
  const folder = temporaryData();
  const servers = startMissingServers({ dataDir: folder });
  try {
    const tallies = await runEverything(folder, servers);
    const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
    const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
    await stopServers(servers);
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    await stopServers(servers);
    removeData(folder);
  }
}

/**
 * Two lanes, for two cores: what reads the sources, and what runs them. The system as a whole waits for both.
 * @param {string} folder for reports
 * @param {ReturnType<typeof startMissingServers>} servers
 * @returns {Promise<Tally[]>}
 */
async function runEverything(folder, servers) {
  /** @param {string} tier */
  const withServers = async (tier) => runTier(tier, folder, (await servers).env);
  const reading = inOrder([
    () => check('lint', () => npm(['run', '-s', 'lint'], deadline())),
    () => check('types', () => npm(['run', '-s', 'types'], deadline())),
    () => check('boundaries', () => npm(['run', '-s', 'boundaries'], deadline())),
    () => check('build of standalone', () => ensureBuilt('standalone', deadline())),
    () => check('build of zoho-simulator', () => ensureBuilt('zoho-simulator', deadline())),
  ]);
  const running = inOrder([
    () => step('unit tests', () => runTier('unit', folder, {})),
    () => step('integration tests', () => withServers('integration')),
  ]);
  const before = (await Promise.all([reading, running])).flat();
  return [...before, await step('e2e tests', () => withServers('e2e'))];
}

/**
 * @template T
 * @param {(() => Promise<T>)[]} steps
 * @returns {Promise<T[]>}
 */
async function inOrder(steps) {
  const results = [];
  for (const each of steps) results.push(await each());
  return results;
}

/**
 * A step that either holds or does not.
 * @param {string} name
 * @param {() => Promise<unknown>} work
 */
function check(name, work) {
  return step(name, async () => {
    await work();
    return { passed: 1, failed: 0, remarks: [] };
  });
}

/**
 * @param {string} name
 * @param {() => Promise<Tally>} work
 * @returns {Promise<Tally>}
 */
async function step(name, work) {
  const start = Date.now();
  /** @type {Tally} */
  let tally;
  try {
    stopped.throwIfAborted();
    tally = await work();
  } catch (error) {
    if (stopped.aborted) throw new Error('Stopped');
    console.log(error instanceof Error ? error.message : error);
    tally = { passed: 0, failed: 1, remarks: [] };
  }
  const remarks = tally.remarks.length > 0 ? ` (${tally.remarks.join(', ')})` : '';
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${name}: ${tally.passed} passed, ${tally.failed} failed${remarks} in ${seconds} s`);
  return tally;
}

/**
 * @param {string} tier
 * @param {string} folder
 * @param {Record<string, string>} urls
 * @returns {Promise<Tally>}
 */
async function runTier(tier, folder, urls) {
  const reportFile = path.join(folder, `${tier}.json`);
  // Their temporary files lie in ours, so that an interrupted test leaves none.
  const env = { ...process.env, ...urls, TMPDIR: temporaryIn(folder) };
  const options = { cwd: root, env, signal: deadline() };
  let succeeded = true;
  try {
    await runTool(process.execPath, jestArguments(tier, reportFile), options);
  } catch (error) {
    if (stopped.aborted) throw error;
    succeeded = false;
    console.log(/** @type {Error} */ (error).message);
  }
  return tallyOfFile(reportFile, succeeded);
}

/**
 * @param {string} folder
 * @returns {string}
 */
function temporaryIn(folder) {
  const temporary = path.join(folder, 'tmp');
  fs.mkdirSync(temporary, { recursive: true });
  return temporary;
}

function deadline() {
  return AbortSignal.any([stopped, AbortSignal.timeout(stepDeadlineMs)]);
}

/** @param {ReturnType<typeof startMissingServers>} servers */
async function stopServers(servers) {
  await (await servers.catch(() => undefined))?.stop();
}
