import { stockctl } from './program';

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const said = { stdout: '', stderr: '' };
  const writer = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const nobody = { STOCKCTL_URL: 'http://127.0.0.1:1', STOCKCTL_API_KEY: 'a-key-of-nobody' };
  const terminal = { env: { ...nobody, ...env }, stdout: writer('stdout'), stderr: writer('stderr') };
  return { code: await stockctl(args, terminal), ...said };
};

describe('the command line', () => {
  it.each([
    ['no command', [], 'Usage: stockctl'],
    ['an unknown command', ['levitate'], "unknown command 'levitate'"],
    ['nearly a command', ['stok', 'pen'], 'Did you mean stock?'],
    ['a key, which every user of the machine could read', ['--key', 'x', 'status'], "unknown option '--key'"],
    ['a missing argument', ['rebuild'], "missing required argument 'projection'"],
    ['one too many', ['status', 'now'], 'too many arguments'],
    ['no time', ['webhooks', '--since', 'yesterday'], 'must be a time'],
    ['no number', ['runs', '--limit', 'all'], 'must be a whole number'],
    ['no note', ['drift', 'reject', 'd-1'], "required option '--note <text>' not specified"],
    ['nothing to retry', ['dead-letters', 'retry'], 'say which'],
    ['too much to retry', ['dead-letters', 'retry', '17', '--all'], 'say which'],
    ['a whole sync of some items', ['sync', 'pen', '--full'], '--full is of everything'],
    ['no address', ['status', '--url', 'tally'], 'tally is no address'],
    ['a key in the address', ['status', '--url', 'http://u:p@127.0.0.1:1'], 'must hold no key'],
  ])('given %s ends with 2, and says why', async (_, args, says) => {
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(says) });
  });

  it('ends with 1 when nobody answers', async () => {
    expect(await run(['stock', 'pen', '--json'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: http:\/\/127\.0\.0\.1:1 cannot be reached: .+\n$/),
    });
  });

  it('warns when a key could be read on the way', async () => {
    const { stderr } = await run(['stock', 'pen', '--url', 'http://0.0.0.0:1']);
    expect(stderr).toMatch(/^Note: over http everybody on the way can read the key\nerror: /);
  });

  it('helps with 0, for all of it and for each part', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('audit'),
    });
    expect(await run(['drift', 'reject', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Examples:\n  stockctl drift reject'),
    });
  });
});
