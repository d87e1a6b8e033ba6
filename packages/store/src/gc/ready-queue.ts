/** Leaves 25 bits for the position in a pass next to the 28 bits of a rank. */
const RANK_STEP = 2 ** 25;

/**
 * Numbers that wait in levels and come out pass by pass: a pass is all that waits on the lowest level, by rank.
 * What comes in during a pass waits for a later one, also when its level is lower.
 */
export class ReadyQueue {
  readonly #levels: number[][];
  readonly #rankOf: (number: number) => number;
  #pass: Uint32Array = new Uint32Array(0);
  #passAt = 0;

  /** Creates a queue; `rankOf` returns an integer of at most 28 bits. */
  constructor(levelCount: number, rankOf: (number: number) => number) {
    this.#levels = Array.from({ length: levelCount }, () => []);
    this.#rankOf = rankOf;
  }

  get isEmpty(): boolean {
    return this.#passAt === this.#pass.length && this.#levels.every((waiting) => waiting.length === 0);
  }

  add(number: number, level: number): void {
    (this.#levels[level] as number[]).push(number);
  }

  /** Takes the next number; undefined when none waits. */
  take(): number | undefined {
    if (this.#passAt === this.#pass.length) this.#startPass();
    const next = this.#pass[this.#passAt];
    if (next !== undefined) this.#passAt += 1;
    return next;
  }

  #startPass(): void {
    const level = this.#levels.findIndex((waiting) => waiting.length > 0);
    this.#pass = new Uint32Array(0);
    this.#passAt = 0;
    if (level < 0) return;
    const waiting = this.#levels[level] as number[];
    this.#levels[level] = [];
    const ranked = new Float64Array(waiting.length);
    for (let index = 0; index < waiting.length; index += 1)
      ranked[index] = this.#rankOf(waiting[index] as number) * RANK_STEP + index;
    this.#pass = Uint32Array.from(ranked.sort(), (rank) => waiting[rank % RANK_STEP] as number);
  }
}
