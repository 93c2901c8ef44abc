// @ts-check

let quiet = false;

/** @param {boolean} yes */
function beQuiet(yes) {
  quiet = yes;
}

/**
 * One line about something that takes a while. To stderr, so that stdout stays a command's own.
 * @param {string} line
 */
function say(line) {
  if (!quiet) process.stderr.write(`${line}\n`);
}

module.exports = { say, beQuiet };
