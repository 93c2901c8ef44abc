// @ts-check

// One question to a server in its own protocol, without a client library: this runs before dependencies are
// installed.

const net = require('node:net');

/**
 * Sends the bytes and gives what came back once `isAnswer` is content with it.
 * @param {number} port
 * @param {Buffer | string} question
 * @param {(answer: Buffer) => boolean} isAnswer
 * @returns {Promise<Buffer>}
 */
function ask(port, question, isAnswer) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    /** @param {() => void} settle */
    const finish = (settle) => {
      socket.destroy();
      settle();
    };
    socket.setTimeout(2_000, () => finish(() => reject(new Error('no answer within 2 s'))));
    socket.once('error', (error) => finish(() => reject(error)));
    socket.once('close', () => reject(new Error(`unexpected answer: ${printable(answer)}`)));
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (isAnswer(answer)) finish(() => resolve(answer));
    });
  });
}

/** @param {Buffer} bytes */
function printable(bytes) {
  return JSON.stringify(bytes.subarray(0, 200).toString('latin1'));
}

module.exports = { ask };
