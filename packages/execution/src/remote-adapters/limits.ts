import { type AdapterLimits, DEFAULT_LIMITS } from '../adapters/executable/limits.ts';

/** Limits that keep a Remote Adapter from taking more than it needs. */
export interface RemoteAdapterLimits extends AdapterLimits {
  /** Time for one question, besides the time that its bytes may take. */
  readonly questionMs: number;
  /** Fewest bytes in a millisecond with which a transfer goes on. */
  readonly minBytesPerMs: number;
  /** Longest file that is read as a whole. */
  readonly wholeBytes: number;
  /** Longest list of files. */
  readonly listBytes: number;
}

export const REMOTE_LIMITS: RemoteAdapterLimits = {
  ...DEFAULT_LIMITS,
  // Bytes travel in files.
  lineBytes: 1024 * 1024,
  questionMs: 300_000,
  minBytesPerMs: 64,
  wholeBytes: 2 ** 30,
  listBytes: 2 ** 32,
};

/** Bytes for which there is time where nobody knows how many will come. */
const USUAL_BYTES = 64 * 2 ** 20;

/** Returns the longest time for a question whose bytes are known or not. */
export function limitOf(
  { questionMs, minBytesPerMs }: RemoteAdapterLimits,
  sizeBytes: number = USUAL_BYTES,
): number {
  return questionMs + Math.ceil(sizeBytes / minBytesPerMs);
}
