import type { RemoteFiles } from './files/remote-files.ts';

/** Source of times and pauses. */
export interface RemoteClock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** Part of the surroundings that is not the same twice. */
export interface RemoteSurroundings {
  readonly clock: RemoteClock;
  randomBytes(count: number): Uint8Array;
  randomUuid(): string;
}

/** A remote and those who use it. */
export interface Remote extends RemoteSurroundings {
  readonly files: RemoteFiles;
  /** Name of whoever writes, for the journal of the remote. */
  readonly actor: string;
  /** Longest time for one change of CURRENT, losses to others included. */
  readonly limitMs: number;
}
