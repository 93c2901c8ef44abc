import type { RebuildOptions, RebuildReport } from '@tallystream/projection-store';
import type { RebuiltStoreName } from './rebuild-run';

/** A store that its app can make again. */
export type RebuiltStore = Readonly<{
  name: RebuiltStoreName;
  /** What it has made when `options.signal` aborts, it goes on from when it is called again. */
  rebuild: (options: RebuildOptions) => Promise<RebuildReport>;
  /** What is wrong with it that could not be, and that nothing but a rebuild mends; nothing when all is well. */
  fault: () => Promise<string | undefined>;
}>;
