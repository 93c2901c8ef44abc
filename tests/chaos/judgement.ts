import { createHash } from 'node:crypto';
import { falseCorrections } from '../e2e/corrections';
import {
  brokenLevels,
  brokenVersions,
  differences,
  unbalancedDocuments,
  unequalRecords,
  unevenTransfers,
} from '../e2e/invariants';
import { documentsIn, ledgerEvents, movesIn } from '../e2e/ledger-events';
import { asLines, storedLevels } from '../e2e/levels';
import { unlikeAudit, unlikePostgres, unlikeRedis } from '../e2e/same-everywhere';
import { openStores } from '../e2e/stores';
import type { Accepted } from './front';
import type { House } from './house';
import { readStream } from './streams';
import type { Witness } from './witness';

/** What is wrong, in words; nothing anywhere, when all is well. */
export type Judgement = Readonly<{
  events: number;
  /** Webhooks that were accepted, and are in no inbox, or have come to nothing. */
  lost: readonly string[];
  /** Documents that were applied twice, or moved more than their effect. */
  doubled: readonly string[];
  /** Levels that do not add up, or differ from Zoho's or between stores. */
  wrong: readonly string[];
  /** Corrections of levels that were right, or that a document would have put right. */
  needless: readonly string[];
  /** Webhooks that were set aside, and are still. */
  dead: readonly string[];
}>;

export const judge = async (
  house: House,
  witness: Witness,
  accepted: readonly Accepted[],
): Promise<Judgement> => {
  const outcomes = await outcomesOf(house, witness);
  const events = await ledgerEvents(house);
  const [moves, documents] = [movesIn(events), documentsIn(events)];
  const stores = await openStores(house);
  try {
    const truth = asLines(await house.zoho.truth());
    return {
      events: events.length,
      lost: await lostOf(accepted, outcomes, house, witness),
      doubled: named({
        'applied twice': brokenVersions(documents),
        'moved more or less than its effect': unbalancedDocuments(documents),
      }),
      wrong: named({
        'does not add up': brokenLevels(moves),
        'record and levels differ': unequalRecords(documents, moves),
        'transfer makes or takes stock': unevenTransfers(documents),
        'ours (-), Zoho’s (+)': differences(asLines(await storedLevels(stores)), truth),
        'ledger (-), Postgres (+)': await unlikePostgres(stores, moves),
        'ledger (-), Redis (+)': await unlikeRedis(stores, moves),
        'ledger (-), audit trail (+)': await unlikeAudit(stores, events),
      }),
      needless: (await falseCorrections(house, events)).map((one) => JSON.stringify(one)),
      dead: [...outcomes].flatMap(([sequence, { status, error }]) =>
        status === 'dead' ? [`webhook ${sequence}: ${error}`] : [],
      ),
    };
  } finally {
    await stores.close();
  }
};

type Outcome = Readonly<{ status: string; error?: string }>;

const outcomesOf = async ({ naming }: House, { nats }: Witness): Promise<ReadonlyMap<number, Outcome>> =>
  new Map(
    await readStream(nats, naming, 'ZOHO_OUTCOMES', (message): [number, Outcome] => [
      Number(message.subject.split('.').at(-1)),
      JSON.parse(message.string()),
    ]),
  );

/** Accepted, but not there as it came, or without an outcome. */
const lostOf = async (
  accepted: readonly Accepted[],
  outcomes: ReadonlyMap<number, unknown>,
  { naming }: House,
  { nats }: Witness,
): Promise<readonly string[]> => {
  const inbox = new Map(
    await readStream(nats, naming, 'ZOHO_INBOX', ({ seq, data }): [number, string] => [
      seq,
      createHash('sha256').update(data).digest('hex'),
    ]),
  );
  return accepted.flatMap(({ sequence, sha256 }) => {
    const stored = inbox.get(sequence);
    if (stored === undefined) return [`webhook ${sequence} is not in the inbox`];
    if (stored !== sha256) return [`webhook ${sequence} is another one in the inbox`];
    return outcomes.has(sequence) ? [] : [`webhook ${sequence} came to nothing`];
  });
};

const named = (found: Readonly<Record<string, readonly string[]>>): readonly string[] =>
  Object.entries(found).flatMap(([name, all]) => all.map((one) => `${name}: ${one}`));
