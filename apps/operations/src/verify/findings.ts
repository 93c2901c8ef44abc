import type { Violation } from '@tallystream/domain';
import type { LedgerCheck } from '@tallystream/ledger';
import type { VerifyScope } from '@tallystream/runs';

/** The invariants of a ledger, and that each store equals it. */
export type Check = LedgerCheck | Exclude<VerifyScope, 'ledger'>;

/** So many of each are told; of the others, how many there are. */
const TOLD = 50;

type Finding = Omit<Violation, 'check'>;
type Found = { count: number; told: Finding[] };

/** What is broken, by check: all of it counted, the first ones kept. */
export class Findings {
  private readonly found = new Map<Check, Found>();

  readonly add = ({ check, ...finding }: Violation<Check>): void => {
    const found = this.found.get(check) ?? { count: 0, told: [] };
    this.found.set(check, found);
    found.count += 1;
    if (found.told.length < TOLD) found.told.push(finding);
  };

  of(check: Check): Readonly<{ broken: number; examples: readonly Finding[] }> {
    const { count = 0, told = [] } = this.found.get(check) ?? {};
    return { broken: count, examples: told };
  }
}
