/** Longest wait for another process to leave a short critical section. */
export const LOCK_WAIT_MS: number = 60_000;

const WORD: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread for some milliseconds, so that other processes go on. */
export function pause(ms: number): void {
  Atomics.wait(WORD, 0, 0, ms);
}
