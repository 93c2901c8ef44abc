import { type DocumentApplied, type Instant, millisOf } from '@tallystream/contracts';
import { type DocumentName, documentKey, type Ledger } from '@tallystream/ledger';
import type { ZohoDocumentRow } from '@tallystream/zoho';

/** A document that we never saw, or saw in an older version. */
export type Missing = Readonly<{ row: ZohoDocumentRow; isKnown: boolean }>;

export type MissingOptions = Readonly<{
  /** What changed after this may be on its way to us … */
  recentFrom: Instant;
  /** … and is given until then to arrive before a call is spent on it. */
  settled: Promise<void>;
}>;

/** What Zoho lists and the ledger lacks, the oldest first; rows without a time last. @throws NatsUnavailable */
export const missingDocuments = async (
  ledger: Pick<Ledger, 'documents'>,
  rows: readonly ZohoDocumentRow[],
  { recentFrom, settled }: MissingOptions,
): Promise<readonly Missing[]> => {
  const missing = await compare(ledger, rows);
  const isRecent = ({ row }: Missing) =>
    row.modifiedAt !== undefined && millisOf(row.modifiedAt) >= millisOf(recentFrom);
  const recent = missing.filter(isRecent);
  if (recent.length === 0) return inOrder(missing);
  await settled;
  const old = missing.filter((one) => !isRecent(one));
  return inOrder([
    ...old,
    ...(await compare(
      ledger,
      recent.map(({ row }) => row),
    )),
  ]);
};

const compare = async (
  ledger: Pick<Ledger, 'documents'>,
  rows: readonly ZohoDocumentRow[],
): Promise<readonly Missing[]> => {
  const known = await ledger.documents(rows.flatMap(nameOf));
  return rows.flatMap((row) => {
    const applied = known.get(documentKey(row));
    return isMissing(row, applied) ? [{ row, isKnown: applied !== undefined }] : [];
  });
};

/** Sales returns are not in the ledger by their own name, but by those of their receives. */
const nameOf = ({ type, id }: ZohoDocumentRow): readonly DocumentName[] =>
  type === 'salesreturn' ? [] : [{ type, id }];

const isMissing = (
  { modifiedAt, status }: ZohoDocumentRow,
  applied: DocumentApplied | undefined,
): boolean => {
  if (!applied) return true;
  if (applied.deleted) return false;
  if (modifiedAt) return millisOf(modifiedAt) > millisOf(applied.document.version);
  return status !== undefined && status !== applied.status;
};

const inOrder = (missing: readonly Missing[]): readonly Missing[] => {
  const timeOf = ({ row }: Missing) => (row.modifiedAt ? millisOf(row.modifiedAt) : Number.MAX_SAFE_INTEGER);
  return [...missing].sort((a, b) => timeOf(a) - timeOf(b));
};
