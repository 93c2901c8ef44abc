import { z } from 'zod';
import { instantSchema } from './instant';

/** Everything that is watched, in the order of the table in docs/runbook.md. */
export const alertNames = [
  'backlog',
  'sync-success',
  'failed-items',
  'run-duration',
  'stock-age',
  'dead-letters',
  'open-drift',
  'no-webhook',
  'zoho-quota',
  'ledger-verify',
] as const;
export type AlertName = (typeof alertNames)[number];

export const severities = ['warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What subscribers of `alert.<name>.<severity>` are told, and `ALERT_WEBHOOK_URL`. */
export const alertNoticeSchema = z.object({
  name: z.enum(alertNames),
  severity: z.enum(severities).meta({ description: 'Of `cleared`: what it was until now' }),
  /** `raised`: it began, or changed its severity; `lasting`: still so after four hours; `cleared`: over. */
  status: z.enum(['raised', 'lasting', 'cleared']),
  /** When this severity began. */
  since: instantSchema,
  at: instantSchema,
  /** What was measured, in one line. */
  detail: z.string(),
  /** Where the runbook says what to do. */
  runbook: z.string(),
});
export type AlertNotice = Readonly<z.infer<typeof alertNoticeSchema>>;
