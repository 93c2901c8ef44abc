import { z } from 'zod';
import { readZohoTime } from '../clock';
import { invalidValue } from './zoho-answer';

export type ListQuery = Readonly<{
  page: number;
  perPage: number;
  sortColumn?: string;
  isDescending: boolean;
  filter?: string;
  /** Whole seconds: only what changed then or later. */
  modifiedSince?: number;
}>;

/** What a list can be sorted by. Texts are compared by their code units, which is quick and the same everywhere. */
export type SortColumns<T> = Readonly<Record<string, (row: T) => string | number>>;

const MAX_PER_PAGE = 200;
const page = z.coerce.number().int().min(1).default(1);
const perPage = z.coerce
  .number()
  .int()
  .min(1)
  .default(MAX_PER_PAGE)
  .transform((rows) => Math.min(rows, MAX_PER_PAGE));
const order = z.string().regex(/^(a|d|ascending|descending)$/i);
const time = z.string().transform((text, context) => {
  const at = readZohoTime(text);
  if (at !== undefined) return at;
  context.addIssue('not a time');
  return z.NEVER;
});

/** What every list understands. Parameters that it does not know are ignored, without a word, as Zoho does. */
export const listQuery = (query: Record<string, unknown>): ListQuery => ({
  page: parameter(page, 'page', query.page),
  perPage: parameter(perPage, 'per_page', query.per_page),
  sortColumn: parameter(z.string().optional(), 'sort_column', query.sort_column),
  isDescending: /^d/i.test(parameter(order.optional(), 'sort_order', query.sort_order) ?? 'A'),
  filter: parameter(z.string().optional(), 'filter_by', query.filter_by),
  modifiedSince: parameter(time.optional(), 'last_modified_time', query.last_modified_time),
});

/** One page of the rows in the order asked for, equal ones by id, and where in the list it is. */
export const pageOf = <T extends { id: string }>(
  rows: readonly T[],
  query: ListQuery,
  columns: SortColumns<T>,
  reportName: string,
) => {
  const [defaultColumn = ''] = Object.keys(columns);
  const column = query.sortColumn ?? defaultColumn;
  const keyOf = columns[column];
  if (!keyOf) throw invalidValue('sort_column');
  const from = (query.page - 1) * query.perPage;
  const direction = query.isDescending ? -1 : 1;
  const sorted = rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => direction * (compare(a.key, b.key) || compare(a.row.id, b.row.id)));
  return {
    rows: sorted.slice(from, from + query.perPage).map(({ row }) => row),
    context: {
      page: query.page,
      per_page: query.perPage,
      has_more_page: from + query.perPage < rows.length,
      report_name: reportName,
      applied_filter: query.filter ?? 'Status.All',
      sort_column: column,
      sort_order: query.isDescending ? 'D' : 'A',
    },
  };
};

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

const parameter = <T>(schema: z.ZodType<T>, name: string, value: unknown): T => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidValue(name);
  return parsed.data;
};
