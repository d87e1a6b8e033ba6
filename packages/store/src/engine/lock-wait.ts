/** How long a process waits for others to be done with what they do in no time, unless they are held up. */
export const LOCK_WAIT_MS: number = 60_000;

const WORD: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Lets other processes go on; this thread does nothing else meanwhile. */
export function pause(ms: number): void {
  Atomics.wait(WORD, 0, 0, ms);
}
