// @ts-check

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { data } = require('./checkout');

/** @typedef {{ apiKey: string, webhookSecret: string }} Secrets */

/**
 * Made once per checkout, so that a second start has the same ones.
 * @returns {Secrets}
 */
function localSecrets() {
  const file = path.join(data, 'secrets.json');
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'));
  const secrets = {
    apiKey: `tally_${randomBytes(16).toString('hex')}`,
    webhookSecret: randomBytes(20).toString('hex'),
  };
  fs.mkdirSync(data, { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

module.exports = { localSecrets };
