import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { apiAt, Refusal, Unreachable, Unreadable } from './api';
import { addAudit } from './commands/audit';
import { addBackup } from './commands/backup';
import { addCompare } from './commands/compare';
import { addDeadLetters } from './commands/dead-letters';
import { addDrift } from './commands/drift';
import { addKeys } from './commands/keys';
import { addRebuild } from './commands/rebuild';
import { addReplay } from './commands/replay';
import { addRuns } from './commands/runs';
import { addStatus } from './commands/status';
import { addStock } from './commands/stock';
import { addSync } from './commands/sync';
import { addTail } from './commands/tail';
import { addVerify } from './commands/verify';
import { addWebhooks } from './commands/webhooks';
import { type Output, outputTo } from './output';
import type { Act, AddCommand, ExitCode, Work } from './stockctl';
import { type Environment, isReadableOnTheWay, whereFrom } from './where';

/** In the order in which an operator meets them. */
const commands: readonly AddCommand[] = [
  addStatus,
  addStock,
  addAudit,
  addTail,
  addCompare,
  addSync,
  addRuns,
  addDrift,
  addWebhooks,
  addDeadLetters,
  addReplay,
  addVerify,
  addRebuild,
  addKeys,
  addBackup,
];

const AFTER_HELP = `
Where and who: without more, the system that npm start runs in this folder. Another one:
  STOCKCTL_URL (or --url) is its address, STOCKCTL_API_KEY the key. A key is never given on the command line,
  where every user of the machine can read it.

Exit code: 0 all is well; 1 something is wrong, or was refused; 2 the command was not understood.
Times are UTC; where one is asked for, 12h means twelve hours ago.`;

type Writer = Parameters<typeof outputTo>[0];
export type Terminal = Readonly<{ env: Environment; stdout: Writer; stderr: Writer }>;

/** Runs one command line. */
export const stockctl = async (args: readonly string[], terminal: Terminal): Promise<ExitCode> => {
  const { stdout, stderr } = terminal;
  let code: ExitCode = 0;
  const program = new Command('stockctl')
    .description('The operator’s command line of Tallystream.')
    .option('--json', 'the answer as JSON, for scripts')
    .option('--url <address>', 'which Tallystream; default STOCKCTL_URL, or the one that runs here')
    .helpOption('-h, --help', 'what there is, with examples')
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .exitOverride();
  const act: Act =
    (work) =>
    async (...given) => {
      code = await done((context) => work(context, ...given), program.opts(), terminal);
    };
  for (const add of commands) add(program, act);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
};

type GlobalOptions = Readonly<{ json?: boolean; url?: string }>;

const done = async (
  work: Work<[]>,
  { json = false, url }: GlobalOptions,
  { env, stdout, stderr }: Terminal,
): Promise<ExitCode> => {
  const out = outputTo(stdout, stderr, json);
  try {
    const where = whereFrom(env, url);
    if (where.key && isReadableOnTheWay(where.url))
      out.say('Note: over http everybody on the way can read the key');
    return await work({ api: apiAt(where), out });
  } catch (error) {
    return afterwards(error, out);
  }
};

/** What is expected to fail is said in a line. */
const afterwards = (error: unknown, out: Output): ExitCode => {
  if (error instanceof InvalidArgumentError) {
    out.say(`error: ${error.message}`);
    return 2;
  }
  if (error instanceof Refusal && out.isJson && error.raw !== undefined) {
    out.show({ raw: error.raw, value: error }, ({ message }) => message);
    return 1;
  }
  if (error instanceof Refusal || error instanceof Unreachable || error instanceof Unreadable) {
    const other = error instanceof Refusal ? error.problem.runId : undefined;
    out.say(`error: ${error.message}${other ? `; see stockctl runs ${other}` : ''}`);
    return 1;
  }
  throw error;
};
