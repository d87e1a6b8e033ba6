/** A source of numbers that follow from a seed alone (mulberry32), so that every run can be repeated. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns an integer from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  }

  /** Returns one of `values`, which must not be empty. */
  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }
}

/** Returns a function that gives integers from 0 to below its argument, as {@link SeededRandom.below} does. */
export function seededNumbers(seed: number): (limit: number) => number {
  const random = new SeededRandom(seed);
  return (limit) => random.below(limit);
}
