import type { Provider } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';

export const LEDGER = Symbol('Ledger');

export const ledgerProvider: Provider = {
  provide: LEDGER,
  inject: [JETSTREAM, NAMING, CONFIG],
  useFactory: (connection: JetStreamConnection, naming: Naming, config: Config) =>
    openLedger(connection, naming, { ...defaultLedgerSettings, trustMarginMs: config.TRUST_MARGIN_MS }),
};
