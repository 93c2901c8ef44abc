// @ts-check

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { logs, root } = require('./checkout');
const { logTail } = require('./log-tail');
const { startOwned } = require('./owned-process');
const { waitUntil } = require('./wait-until');

/**
 * @typedef {object} HealthAnswer
 * @property {number} status
 * @property {string} body
 */

/**
 * @typedef {object} AppProcess
 * @property {string} name
 * @property {Promise<string>} ended what to tell about an end, with the last lines of the log
 * @property {() => Promise<void>} stop
 */

/**
 * Starts an app of ours and waits until it answers.
 * @param {object} app
 * @param {string} app.name
 * @param {string} app.program
 * @param {NodeJS.ProcessEnv} app.env
 * @param {number} app.port
 * @param {(answer: HealthAnswer) => boolean} app.isReady looks at the answer of GET /health/ready
 * @param {boolean} app.verbose whether the terminal sees the log, too
 * @param {AbortSignal} app.signal ends the waiting
 * @param {number} [app.deadlineMs]
 * @returns {Promise<AppProcess>}
 */
async function startApp({ name, program, env, port, isReady, verbose, signal, deadlineMs = 60_000 }) {
  fs.mkdirSync(logs, { recursive: true });
  const logFile = path.join(logs, `${name}.log`);
  const log = fs.openSync(logFile, 'w', 0o600);
  const { child, ...owned } = await startOwned({
    program: process.execPath,
    args: ['--enable-source-maps', program],
    stopSignal: 'SIGTERM',
    cwd: root,
    env,
    stdio: verbose ? ['ignore', 'pipe', 'pipe'] : ['ignore', log, log],
  }).finally(() => fs.closeSync(log));
  if (verbose) for (const stream of [child.stdout, child.stderr]) teeTo(logFile, stream);

  const ended = owned.exited.then(({ code, signal }) =>
    signal === null
      ? `${name} ended with code ${code}:\n${logTail(logFile)}`
      : `${name} was ended by ${signal}. Start again with npm start; its log is ${path.relative(root, logFile)}`,
  );
  try {
    await waitUntil(async () => readyOrThrow(owned, port, isReady), {
      what: `${name} on port ${port} is not ready`,
      deadlineMs,
      everyMs: 50,
      giveUp: () => owned.hasExited() || signal.aborted,
    });
  } catch (error) {
    if (owned.hasExited()) throw new Error(await ended);
    await owned.end();
    throw new Error(`${/** @type {Error} */ (error).message}\n${logFile} ends with:\n${logTail(logFile)}`);
  }
  return { name, ended, stop: () => owned.end('SIGTERM', 10_000) };
}

/**
 * @param {import('./owned-process').OwnedProcess} owned
 * @param {number} port
 * @param {(answer: HealthAnswer) => boolean} isReady
 */
async function readyOrThrow(owned, port, isReady) {
  if (owned.hasExited()) throw new Error('it ended by itself');
  const answer = await answerOf(`http://127.0.0.1:${port}/health/ready`);
  if (!isReady(answer)) throw new Error(`GET /health/ready answers ${answer.status}: ${answer.body}`);
}

/**
 * @param {string} url
 * @returns {Promise<HealthAnswer>}
 */
function answerOf(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { timeout: 5_000, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.once('error', reject);
  });
}

/**
 * @param {string} file
 * @param {import('node:stream').Readable | null} stream
 */
function teeTo(file, stream) {
  stream?.on('data', (chunk) => {
    fs.appendFileSync(file, chunk);
    process.stdout.write(chunk);
  });
}

module.exports = { startApp };
