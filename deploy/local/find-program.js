// @ts-check

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * @param {string} name
 * @returns {string | undefined} where it is on PATH
 */
function onPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

/**
 * The first version number that `<program> --version` prints.
 * @param {string} program
 * @returns {[major: number, minor: number]} 0.0 when it cannot be run
 */
function versionOf(program) {
  try {
    const said = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
    return [Number(major ?? 0), Number(minor ?? 0)];
  } catch {
    return [0, 0];
  }
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

module.exports = { onPath, versionOf, isExecutable };
