// @ts-check

const fs = require('node:fs');
const net = require('node:net');

// Below the ranges from which Linux (32768 up) and macOS (49152 up) take ports for outgoing connections: a
// server that was killed finds its port still free when it comes back.
const lowest = 20_000;
const highest = 32_000;

/**
 * The port remembered in the file if it is still free, else another one, which is then remembered.
 * @param {string} file
 * @returns {Promise<number>}
 */
async function rememberedPort(file) {
  const remembered = fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : 0;
  if (remembered > 0 && (await isFree(remembered))) return remembered;
  const port = await freePort();
  fs.writeFileSync(file, `${port}\n`);
  return port;
}

/**
 * @param {number} [preferred] taken when it is free
 * @returns {Promise<number>}
 */
async function freePort(preferred) {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${lowest} and ${highest}`);
}

/**
 * Free on every address: an app of ours listens on all of them, a server on the loopback only.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
async function isFree(port) {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

/**
 * @param {number} port
 * @param {string | undefined} host
 * @returns {Promise<boolean>}
 */
function canListen(port, host) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

module.exports = { rememberedPort, freePort };
