// @ts-check

const { default: Sequencer } = require('@jest/test-sequencer');

/** @typedef {import('@jest/test-result').Test} Test */

/** What takes a minute or more, the longest first. */
const LONG = [
  'convergence',
  'backup',
  'chaos',
  'simulator-truth',
  'reads-degraded',
  'fuzz',
  'power-cut',
  'drift',
];

/**
 * Begins with the files that take longest, so that none of them is left when the other workers have nothing more to
 * do. By itself jest goes by their size where they have not run before.
 */
module.exports = class LongestFirst extends Sequencer {
  /**
   * @override
   * @param {Test[]} tests
   */
  async sort(tests) {
    return [...(await super.sort(tests))].sort((a, b) => rank(a) - rank(b));
  }
};

/** @param {Test} test */
const rank = ({ path }) => {
  const place = LONG.findIndex((name) => path.endsWith(`/${name}.e2e.spec.ts`));
  return place < 0 ? LONG.length : place;
};
