import { setFlagsFromString } from 'node:v8';

/**
 * Lets garbage grow to half of what lives before it is collected. V8 by itself goes by the memory of the machine, and
 * leaves two or three times as much lie (docs/adr/0027). To be called before the first large allocation.
 */
export const keepHeapTight = (): void => setFlagsFromString('--heap-growing-percent=50');
