import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Measures the most memory that this process holds at some moments, above what it held at the beginning. */
export class HeldMemory {
  readonly #collect: () => void;
  #beforeBytes = 0;
  #peakBytes = 0;

  private constructor() {
    // Garbage is collected at each moment, so that what is measured is held.
    setFlagsFromString('--expose_gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  static async begin(): Promise<HeldMemory> {
    const held = new HeldMemory();
    // What is garbage by now takes a few turns to go.
    for (let turn = 0; turn < 5; turn += 1) {
      held.#beforeBytes = held.#heldBytes();
      await setImmediate();
    }
    return held;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  readonly measure = (): void => {
    this.#peakBytes = Math.max(this.#peakBytes, this.#heldBytes() - this.#beforeBytes);
  };

  #heldBytes(): number {
    this.#collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
}
