import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteSurroundings } from './remote.ts';

/** Returns clock and random numbers of this machine. */
export function machineSurroundings(): RemoteSurroundings {
  return {
    clock: {
      now: () => Date.now(),
      sleep: async (ms) => {
        await sleep(ms);
      },
    },
    randomBytes: (count) => randomBytes(count),
    randomUuid: () => randomUUID(),
  };
}
