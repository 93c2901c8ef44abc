import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { takeLock } from './start-lock';

let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lock-'));
  file = path.join(folder, 'start.lock');
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

const holdingScript = async () => {
  const program = `console.log(JSON.stringify(require('./start-lock').takeLock(process.argv[1])));
    process.stdin.resume()`;
  const script = spawn(process.execPath, ['-e', program, file], {
    cwd: __dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(script.stdout, 'data');
  return script;
};

test('only one process holds it, until it ends in whatever way', async () => {
  const script = await holdingScript();
  expect(takeLock(file)).toEqual({ holder: script.pid });
  script.kill('SIGKILL');
  await once(script, 'exit');
  expect(takeLock(file)).toHaveProperty('release');
});

test('can be taken again after its release', () => {
  const lock = takeLock(file);
  if (!('release' in lock)) throw new Error('not taken');
  expect(takeLock(file)).toEqual({ holder: process.pid });
  lock.release();
  expect(takeLock(file)).toHaveProperty('release');
  expect(fs.readdirSync(folder)).toEqual(['start.lock']);
});

test('a pid that belongs to another process by now does not count, nor does a broken file', () => {
  fs.writeFileSync(file, JSON.stringify({ pid: process.pid, started: 'long ago' }));
  expect(takeLock(file)).toHaveProperty('release');
  fs.writeFileSync(file, '');
  expect(takeLock(file)).toHaveProperty('release');
});
