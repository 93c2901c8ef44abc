import type { Provider } from '@nestjs/common';
import { AlertStore } from '../alerts/alert-store';
import { Alerts } from '../alerts/alerts';
import { Gather } from '../alerts/gather';
import { LastWebhook } from '../alerts/last-webhook';
import { Messenger } from '../alerts/messenger';
import { Verifications } from '../alerts/verifications';
import { ForgottenRequests } from '../healing/forgotten-requests';
import { Healing } from '../healing/healing';
import { ShownDeadLetters } from '../healing/shown-dead-letters';
import { ShownLags } from './shown-lags';
import { Watch } from './watch';
import { WatchTurn } from './watch-turn';

/** Alerts and self-healing. They need the runs, the drifts and Zoho beside them. */
export const watchProviders: Provider[] = [
  Watch,
  ShownLags,
  WatchTurn,
  Alerts,
  AlertStore,
  Gather,
  LastWebhook,
  Messenger,
  Verifications,
  ShownDeadLetters,
  ForgottenRequests,
  Healing,
];
