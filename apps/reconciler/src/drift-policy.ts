import type { Side, WarehouseId } from '@tallystream/contracts';
import type { DriftPolicy } from '@tallystream/domain';
import type { Config } from '@tallystream/platform';

const MINUTE_MS = 60_000;

/** How drift is judged in a warehouse, as the environment has it. */
export const driftPolicyOf = (config: Config): ((warehouseId: WarehouseId) => DriftPolicy) => {
  const sides: readonly Side[] = config.DRIFT_PHYSICAL ? ['accounting', 'physical'] : ['accounting'];
  const usual = { autoMaxUnits: config.DRIFT_AUTO_MAX_UNITS, autoMaxPercent: config.DRIFT_AUTO_MAX_PERCENT };
  return (warehouseId) => ({
    thresholds: config.DRIFT_WAREHOUSES.get(warehouseId) ?? usual,
    confirm: config.DRIFT_CONFIRM,
    confirmAfterMs: config.DRIFT_CONFIRM_MINUTES * MINUTE_MS,
    sides,
    trustMarginMs: config.TRUST_MARGIN_MS,
  });
};
