/**
 * The execution keys that calls of one Executor are running for, whichever of its runs they belong to.
 *
 * Runs keep what they make to themselves until it is written, so that a call of another run waits until then and
 * finds it in the cache.
 */
export class OpenKeys {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Takes a key for a run that begins; false when another call has it. */
  take(executionKey: string): boolean {
    if (this.#waiting.has(executionKey)) return false;
    this.#waiting.set(executionKey, []);
    return true;
  }

  /** Calls `wake` once when a key that is taken is let go. */
  wait(executionKey: string, wake: () => void): void {
    this.#waiting.get(executionKey)?.push(wake);
  }

  /** Lets go of a key: its outcome is written, or there is none. */
  release(executionKey: string): void {
    const waiting = this.#waiting.get(executionKey) ?? [];
    this.#waiting.delete(executionKey);
    for (const wake of waiting) wake();
  }
}
