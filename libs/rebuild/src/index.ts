export { type MadeOf, postgresStore } from './postgres-store';
export { type RebuildRun, rebuiltBy, rebuiltStores } from './rebuild-run';
export { RebuildRuns } from './rebuild-runs';
export { Rebuilder, type RebuilderParts } from './rebuilder';
export type { RebuiltStore } from './rebuilt-store';
