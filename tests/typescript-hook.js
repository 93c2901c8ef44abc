// @ts-check

// Lets Node 20 run the TypeScript of this checkout as it lies there, with the @tallystream/… aliases:
//
//   node --require ./tests/typescript-hook.js some-file.ts
//
// It does not check types; `npm run types` does.

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { transformSync } = require('@swc/core');

/** @typedef {NodeJS.Module & { _compile: (code: string, filename: string) => void }} Compiling */
/** @typedef {(request: string, ...rest: unknown[]) => string} Resolve */

const root = path.resolve(__dirname, '..');
const alias = /^@tallystream\/([a-z-]+)(\/core)?$/;

process.setSourceMapsEnabled(true);

/**
 * @param {NodeJS.Module} module
 * @param {string} filename
 */
require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(fs.readFileSync(filename, 'utf8'), {
    filename,
    configFile: path.join(root, '.swcrc'),
  });
  /** @type {Compiling} */ (module)._compile(code, filename);
};

const resolver = /** @type {{ _resolveFilename: Resolve }} */ (/** @type {unknown} */ (Module));
const resolve = resolver._resolveFilename;
/** @type {Resolve} */
const resolveAlias = (request, ...rest) => {
  const [, lib, door = ''] = alias.exec(request) ?? [];
  return resolve.call(Module, lib ? path.join(root, 'libs', lib, 'src', door) : request, ...rest);
};
resolver._resolveFilename = resolveAlias;
