import path from 'node:path';
import { removeData, startNats, temporaryData } from '../../deploy/local/servers';
import { startWorker } from '../bench/worker';
import type { Touched, Touching, TouchTasks } from './touch-levels.worker';

/**
 * Lets a ledger in a process of its own touch levels on a NATS of its own. That one does not sync on every
 * write, as the memory of its client does not depend on it.
 */
export const touchLevels = async (touching: Omit<Touching, 'natsUrl' | 'namespace'>): Promise<Touched> => {
  const file = path.join(__dirname, 'touch-levels.worker.ts');
  const dataDir = temporaryData();
  try {
    const nats = await startNats({ dataDir, syncInterval: '2m' });
    const worker = startWorker<TouchTasks>(file);
    try {
      return await worker.run('touch', { ...touching, natsUrl: nats.url, namespace: 'memory' });
    } finally {
      await worker.stop();
      await nats.stop();
    }
  } finally {
    removeData(dataDir);
  }
};
