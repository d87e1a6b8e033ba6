/** Milliseconds of the past from which the pace is taken, so that it follows a change of the work. */
const WINDOW_MS = 30_000;
/** Milliseconds between two samples. */
const SAMPLE_MS = 1000;
/** Milliseconds of a run before a pace says anything. */
const MIN_MS = 3000;

/** Speed of a run: calls that were carried out lately, by time. */
export class RunPace {
  readonly #samples: { readonly atMs: number; readonly count: number }[];
  #count = 0;

  constructor(nowMs: number) {
    this.#samples = [{ atMs: nowMs, count: 0 }];
  }

  /** Notes that a call was carried out. */
  add(nowMs: number): void {
    this.#count += 1;
    const last = this.#samples.at(-1);
    if (last && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs: nowMs, count: this.#count });
    while (this.#samples.length > 2 && nowMs - (this.#samples[1]?.atMs ?? nowMs) > WINDOW_MS)
      this.#samples.shift();
  }

  /** Returns calls per second; undefined as long as there are too few to tell. */
  perSecond(nowMs: number): number | undefined {
    const [first] = this.#samples;
    if (!first || nowMs - first.atMs < MIN_MS || this.#count === first.count) return undefined;
    return ((this.#count - first.count) * 1000) / (nowMs - first.atMs);
  }
}
