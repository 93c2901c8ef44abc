import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stockctl } from './program';

const root = path.join(__dirname, '../../..');
const documents = ['README.md', 'docs/runbook.md', 'docs/backup.md', 'apps/stockctl/src/commands/backup.ts'];

/** A command line as a shell takes it apart, as far as documents need it. */
const wordsOf = (line: string): readonly string[] =>
  Array.from(line.matchAll(/'([^']*)'|[^\s']+/g), ([word, quoted]) => quoted ?? word);

/** Command lines, up to whatever ends them in a document. */
const linesIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/stockctl ((?:[\w$<>./:…-]+|'[^']*'| )+)/g), ([, line = '']) => line.trim());

/** Runs it against nobody. */
const run = async (line: string) => {
  const said = { stdout: '', stderr: '' };
  const writer = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const env = { STOCKCTL_URL: 'http://127.0.0.1:1', STOCKCTL_API_KEY: 'a-key-of-nobody' };
  const code = await stockctl(wordsOf(line), { env, stdout: writer('stdout'), stderr: writer('stderr') });
  return { code, ...said };
};

const documented = documents.flatMap((file) =>
  linesIn(readFileSync(path.join(root, file), 'utf8'))
    .filter((line) => line !== '…')
    .map((line) => [file, line] as const),
);

describe('the command lines of documents', () => {
  it.each(documented)('%s: stockctl %s is understood', async (_, line) => {
    const { code, stderr } = await run(line);
    // Understood, and nobody there to answer it; help and hints need nobody.
    expect([line, code, stderr]).toEqual(
      /--help|^backup/.test(line)
        ? [line, 0, '']
        : [line, 1, expect.stringContaining('http://127.0.0.1:1 cannot be reached')],
    );
  });
});

const commandsIn = (help: string): readonly string[] =>
  Array.from(
    /^Commands:\n((?: .*\n)*)/m.exec(help)?.[1]?.matchAll(/^ {2}([a-z-]+)/gm) ?? [],
    ([, name = '']) => name,
  );

describe('the help', () => {
  it('has examples for every command, which are understood', async () => {
    const names = commandsIn((await run('--help')).stdout).filter((name) => name !== 'help');
    const subcommands = await Promise.all(
      names.map(async (name) => {
        const below = commandsIn((await run(`${name} --help`)).stdout).filter((one) => one !== 'help');
        return below.length > 0 ? below.map((one) => `${name} ${one}`) : [name];
      }),
    );
    const all = subcommands.flat();
    expect(all.length).toBeGreaterThan(20);
    for (const name of all) {
      const { stdout } = await run(`${name} --help`);
      const examples = stdout.split('\nExamples:\n')[1]?.match(/(?<=stockctl )[^|\n]+/g) ?? [];
      expect([name, examples.length > 0]).toEqual([name, true]);
      for (const example of examples) {
        expect([name, example]).toEqual([name, expect.stringMatching(new RegExp(`^${name}`))]);
        expect([example, (await run(example)).code]).toEqual([example, name === 'backup' ? 0 : 1]);
      }
    }
  });
});
