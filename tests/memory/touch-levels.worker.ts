import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  documentIdSchema,
  instantFrom,
  itemIdSchema,
  namingFor,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import { lastSequence, openConnection, provisionStreams } from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { keepHeapTight } from '@tallystream/platform';
import { serve } from '../bench/worker';

export type Touching = Readonly<{
  natsUrl: string;
  namespace: string;
  documents: number;
  linesEach: number;
  /** Whether each document moves levels of its own, or all of them the same ones. */
  levels: 'fresh' | 'same';
  /** Absent: as many as the translator keeps. */
  cachedStates?: number;
}>;

export type Touched = Readonly<{
  events: number;
  /** The most that the process ever held, in MiB. */
  peakMiB: number;
  /** What was in use after each tenth of the documents, garbage taken out, in MiB. */
  heapMiB: readonly number[];
}>;

/** As many documents as the translator has in hand (apps/ingress). */
const IN_HAND = 128;
const PARTS = 10;
const MIB = 1_024 ** 2;
const warehouseId = warehouseIdSchema.parse('2646610000000077024');
const quiet = { info: () => undefined, warn: () => undefined };

const tasks = {
  touch: async (touching: Touching): Promise<Touched> => {
    const naming = namingFor(touching.namespace);
    const connection = openConnection({ url: touching.natsUrl, name: 'memory' }, quiet);
    await connection.ready();
    await provisionStreams(connection, naming);
    const { cachedStates = defaultLedgerSettings.cachedStates, documents } = touching;
    const ledger = openLedger(connection, naming, { ...defaultLedgerSettings, cachedStates });
    const heapMiB: number[] = [];
    let next = 0;
    const writeUpTo = async (end: number) => {
      for (let n = next++; n < end; n = next++) {
        await ledger.applyDocument(documentOf(n, touching), {
          kind: 'webhook',
          id: String(n),
          actor: 'zoho',
        });
      }
    };
    for (let part = 1; part <= PARTS; part += 1) {
      const end = Math.floor((documents * part) / PARTS);
      await Promise.all(Array.from({ length: IN_HAND }, () => writeUpTo(end)));
      next = end;
      heapMiB.push(heapInUse());
    }
    const events = await lastSequence(connection, naming.stream('STOCK'));
    await connection.close();
    return { events, peakMiB: process.resourceUsage().maxRSS / 1_024, heapMiB };
  },
};

export type TouchTasks = typeof tasks;

const documentOf = (n: number, { linesEach, levels }: Touching): StockDocument => {
  const time = instantFrom(Date.UTC(2026, 0, 7) + n * 1_000);
  const first = levels === 'fresh' ? n * linesEach : 0;
  return {
    type: 'invoice',
    id: documentIdSchema.parse(zohoId(500_000_000 + n)),
    number: `INV-${n}`,
    status: 'sent',
    deleted: false,
    createdAt: time,
    modifiedAt: time,
    lines: Array.from({ length: linesEach }, (_, line) => ({
      itemId: itemIdSchema.parse(zohoId(1_000_000 + first + line)),
      warehouseId,
      sku: `SKU-${first + line}`,
      quantity: 1 + (n % 7),
    })),
  };
};

/** Zoho's ids have 19 digits. */
const zohoId = (tail: number): string => `2646610000${String(tail).padStart(9, '0')}`;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const heapInUse = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
};

// As every process of ours.
keepHeapTight();
serve(tasks);
