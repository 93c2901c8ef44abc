import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../deploy/local/build';
import { removeData, temporaryData } from '../../deploy/local/servers';
import { VoidRun } from '../bench/bench';
import { environment } from '../bench/environment';
import { asText, findingsOf, writeDocument } from './report';
import { soak } from './soak';

/** A run in which a webhook was lost or refused has no figures. */
const EXIT_VOID = 3;

/**
 * --minutes n   how long webhooks come in (30)
 * --rate n      how many a second (200)
 * --write       puts the result into docs/soak.md, with its charts
 * --json        prints samples and findings as JSON instead of a table
 */
export const main = async (args: readonly string[], stopped: AbortSignal): Promise<number> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string', default: '200' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!(minutes > 0) || !(rate > 0)) {
    say('--minutes and --rate must be more than 0');
    return 2;
  }
  const dataDir = temporaryData();
  try {
    const program = await ensureBuilt('standalone', stopped);
    const result = await soak({ program, minutes, rate, dataDir, say, stopped });
    const where = await environment([result.versions]);
    const findings = findingsOf(result.samples);
    const told = { ...result, minutes, rate, where, findings };
    print(values.json ? JSON.stringify(told, undefined, 2) : asText(told));
    if (values.write) writeDocument(told);
    return findings.every(({ isFlat }) => isFlat !== false) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof VoidRun)) throw error;
    say(`the run is void, and has no figures: ${error.message}`);
    return EXIT_VOID;
  } finally {
    removeData(dataDir);
  }
};

const print = (text: string) => process.stdout.write(`${text}\n`);
/** Progress goes to stderr, so that stdout holds the result alone. */
const say = (text: string) => process.stderr.write(`${text}\n`);
