import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work after which everything else gets its turn. */
const TURN_MS = 10;
/** Steps between two looks at the clock. */
const STEPS = 16;

/** Turns of the event loop within long work that never waits. */
export class Turns {
  readonly #nowMs: () => number;
  #steps = 0;
  #sinceMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  /** Checks whether it is the turn of others; asked once for every small step. */
  get isOver(): boolean {
    this.#steps += 1;
    // The clock may be set back. @spec DML-BND-0931
    return this.#steps % STEPS === 0 && Math.abs(this.#nowMs() - this.#sinceMs) >= TURN_MS;
  }

  /** Waits for the next turn. */
  async next(): Promise<void> {
    await setImmediate();
    this.#sinceMs = this.#nowMs();
  }
}
