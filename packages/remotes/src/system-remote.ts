import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { RemoteFiles } from './files/remote-files.ts';
import type { Remote, RemoteSurroundings } from './remote.ts';

/** Longest time for one change of a remote, losses to other writers included. */
const LIMIT_MS = 60_000;

/** Returns the clock and the random numbers of the system. */
export function systemSurroundings(): RemoteSurroundings {
  return {
    clock: { now: Date.now, sleep: (ms) => setTimeout(ms) },
    randomBytes,
    randomUuid: randomUUID,
  };
}

/** Creates a remote in these surroundings; `actor` is who writes, for its journal. */
export function systemRemote(files: RemoteFiles, actor: string): Remote {
  return { ...systemSurroundings(), files, actor, limitMs: LIMIT_MS };
}
