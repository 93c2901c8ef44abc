// @ts-check

const { root } = require('./checkout');
const { runTool } = require('./run-tool');

/**
 * Runs the user's own npm, in our checkout, so that their registry, proxy and cache settings apply.
 * @param {string[]} args
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} what it printed
 */
function npm(args, signal) {
  // `npm start` says which npm it is; that one need not be on PATH.
  const script = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
  const env = { ...process.env, npm_config_loglevel: 'error' };
  return script === undefined
    ? runTool('npm', args, { cwd: root, env, signal })
    : runTool(process.execPath, [script, ...args], { cwd: root, env, signal });
}

module.exports = { npm };
