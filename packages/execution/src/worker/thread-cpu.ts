import { openSync, readSync } from 'node:fs';

/** Counts nanoseconds on a processor as its first number, for the thread that opened it. */
const SCHEDULER_FILE = '/proc/thread-self/schedstat';
const NS_PER_MS = 1e6;
const US_PER_MS = 1e3;

/** Newer versions of Node count the time of a thread themselves. */
type CountingProcess = { threadCpuUsage?(): { readonly user: number; readonly system: number } };

/** Time from which on the use of a call is worth a receipt of its own. */
export const MEASURED_MS = 100;

/**
 * Returns the processor time since a reading of a clock, in whole milliseconds; undefined for a call that was short.
 *
 * @spec DML-EXE-3606
 */
export function usedSince(
  before: number | undefined,
  elapsedMs: number,
  clock: () => number | undefined,
): number | undefined {
  if (elapsedMs < MEASURED_MS || before === undefined) return undefined;
  const after = clock();
  return after === undefined ? undefined : Math.round(after - before);
}

/**
 * Returns what reads the processor time that the calling thread has had so far, in milliseconds; undefined where the
 * system does not say. It goes on to work when the code that runs in the thread replaces modules of Node.
 */
export function threadCpuClock(): () => number | undefined {
  const count = (process as CountingProcess).threadCpuUsage?.bind(process);
  if (count)
    return () => {
      const { user, system } = count();
      return (user + system) / US_PER_MS;
    };
  const read = readSync;
  const digits = Buffer.alloc(64);
  let file: number | undefined;
  try {
    file = openSync(SCHEDULER_FILE, 'r');
  } catch {
    return () => undefined;
  }
  return () => {
    try {
      const length = read(file, digits, 0, digits.length, 0);
      const ns = Number(digits.toString('latin1', 0, length).split(' ', 1)[0]);
      return Number.isFinite(ns) ? ns / NS_PER_MS : undefined;
    } catch {
      return undefined;
    }
  };
}
