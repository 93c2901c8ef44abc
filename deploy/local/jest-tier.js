// @ts-check

const fs = require('node:fs');
const { packageBin } = require('./package-bin');

/**
 * @typedef {object} JestReport what `jest --json` says, as far as we look
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 */

/** @typedef {{ passed: number, failed: number, remarks: string[] }} Tally */

/**
 * @param {string} tier a project of jest.config.js
 * @param {string} reportFile
 * @returns {string[]} arguments for node
 */
function jestArguments(tier, reportFile) {
  const report = ['--ci', '--json', '--outputFile', reportFile];
  // Tests on servers wait for them half of the time: three files at a time, on two cores or more.
  const workers = tier === 'unit' ? [] : ['--maxWorkers=3'];
  return [packageBin('jest'), '--selectProjects', tier, ...workers, ...report];
}

/**
 * @param {string} reportFile
 * @param {boolean} succeeded whether jest itself said so
 * @returns {Tally}
 */
function tallyOfFile(reportFile, succeeded) {
  if (!fs.existsSync(reportFile)) return { passed: 0, failed: 1, remarks: ['jest left no report'] };
  return tallyOf(JSON.parse(fs.readFileSync(reportFile, 'utf8')), succeeded);
}

/**
 * Counts as failed, too: a suite that did not run, a skipped test, a tier without tests, and a failure of jest
 * that no test shows.
 * @param {JestReport} report
 * @param {boolean} succeeded
 * @returns {Tally}
 */
function tallyOf(report, succeeded) {
  const skipped = report.numPendingTests + report.numTodoTests;
  const suites = report.numRuntimeErrorTestSuites;
  const remarks = [];
  let failed = report.numFailedTests + suites + skipped;
  if (suites > 0) remarks.push(`${suites} suites did not run`);
  if (skipped > 0) remarks.push(`${skipped} skipped`);
  if (report.numPassedTests + failed === 0) {
    remarks.push('no tests');
    failed = 1;
  } else if (!succeeded && failed === 0) {
    remarks.push('jest failed');
    failed = 1;
  }
  return { passed: report.numPassedTests, failed, remarks };
}

module.exports = { jestArguments, tallyOf, tallyOfFile };
