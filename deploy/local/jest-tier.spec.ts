import { tallyOf } from './jest-tier';

const report = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};

describe('what counts as failed in a tier', () => {
  test.each([
    ['nothing, when all pass', {}, true, { passed: 3, failed: 0, remarks: [] }],
    ['a failed test', { numFailedTests: 2 }, false, { passed: 3, failed: 2, remarks: [] }],
    ['a skipped test', { numPendingTests: 1 }, true, { passed: 3, failed: 1, remarks: ['1 skipped'] }],
    ['a test to do', { numTodoTests: 1 }, true, { passed: 3, failed: 1, remarks: ['1 skipped'] }],
    [
      'a suite that did not run',
      { numRuntimeErrorTestSuites: 1 },
      false,
      { passed: 3, failed: 1, remarks: ['1 suites did not run'] },
    ],
    ['no tests at all', { numPassedTests: 0 }, true, { passed: 0, failed: 1, remarks: ['no tests'] }],
    ['a failure of jest itself', {}, false, { passed: 3, failed: 1, remarks: ['jest failed'] }],
  ])('%s', (_, part, succeeded, expected) => {
    expect(tallyOf({ ...report, ...part }, succeeded)).toEqual(expected);
  });
});
