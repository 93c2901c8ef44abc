const fs = require('node:fs');
const path = require('node:path');

/** Addresses and secrets of what `npm start` runs; what is set in the environment goes before. */
function runningSystem() {
  const file = path.join(__dirname, '../../.local/run.env');
  if (!fs.existsSync(file)) return { ...process.env };
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const written = lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]);
  return { ...Object.fromEntries(written), ...process.env };
}

module.exports = { runningSystem };
