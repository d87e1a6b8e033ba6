import type { OutcomeObjects, OutcomeToPublish } from './cache-publisher.ts';

/** Clock and timers of whoever gathers. */
export interface GatherClock {
  /** Milliseconds that never go back, from any beginning. */
  monotonicMs(): number;
  /** Calls back after a time unless it is cancelled. */
  callAfter(ms: number, act: () => void): () => void;
}

export interface GatherOptions {
  readonly publish: (outcomes: readonly OutcomeToPublish[], source: OutcomeObjects) => Promise<unknown>;
  readonly clock?: GatherClock | undefined;
}

/** Shortest and longest time that outcomes wait: those under a claim, for which others may wait, and all others. */
const CLAIMED = { shortestMs: 1_000, longestMs: 10_000 };
const OTHERS = { shortestMs: 2_000, longestMs: 300_000 };

interface Waiting {
  readonly outcomes: readonly OutcomeToPublish[];
  readonly source: OutcomeObjects;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const machineClock: GatherClock = {
  monotonicMs: () => performance.now(),
  callAfter: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Gathers publications: each costs a few requests, whatever it holds. The longer a program publishes, the longer it
 * gathers, so that their number grows with the logarithm of its time.
 *
 * @spec DML-REM-1221
 */
export class GatheredPublications {
  readonly #publish: GatherOptions['publish'];
  readonly #clock: GatherClock;
  #waiting: Waiting[] = [];
  #firstMs: number | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};
  #isPublishing = false;

  constructor({ publish, clock = machineClock }: GatherOptions) {
    this.#publish = publish;
    this.#clock = clock;
  }

  /** Resolves once the outcomes were published with others; rejects with what that failed with. */
  publish(outcomes: readonly OutcomeToPublish[], source: OutcomeObjects): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    this.#firstMs ??= nowMs;
    const { shortestMs, longestMs } = outcomes.some(({ fencing }) => fencing !== undefined)
      ? CLAIMED
      : OTHERS;
    const waitMs = Math.min(longestMs, Math.max(shortestMs, (nowMs - this.#firstMs) / 2));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcomes, source, resolve, reject });
      this.#dueAt(nowMs + waitMs);
    });
  }

  /** Publishes at once what waits. */
  flush(): void {
    if (this.#waiting.length > 0) this.#dueAt(Number.NEGATIVE_INFINITY);
  }

  #dueAt(ms: number): void {
    if (ms >= this.#dueMs) return;
    this.#dueMs = ms;
    this.#arm();
  }

  #arm(): void {
    this.#cancelTimer();
    const leftMs = Math.max(0, this.#dueMs - this.#clock.monotonicMs());
    this.#cancelTimer = this.#clock.callAfter(leftMs, () => void this.#run());
  }

  async #run(): Promise<void> {
    // What is under way looks at the end whether more is due.
    if (this.#isPublishing) return;
    this.#isPublishing = true;
    while (this.#waiting.length > 0 && this.#clock.monotonicMs() >= this.#dueMs) {
      this.#dueMs = Number.POSITIVE_INFINITY;
      const waiting = this.#waiting.splice(0);
      for (const [source, some] of bySource(waiting)) await this.#publishTogether(source, some);
    }
    this.#isPublishing = false;
    // A timer may be early, or have found this under way.
    if (this.#waiting.length > 0) this.#arm();
  }

  async #publishTogether(source: OutcomeObjects, waiting: readonly Waiting[]): Promise<void> {
    try {
      await this.#publish(
        waiting.flatMap(({ outcomes }) => outcomes),
        source,
      );
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

function bySource(waiting: readonly Waiting[]): Map<OutcomeObjects, Waiting[]> {
  const sources = new Map<OutcomeObjects, Waiting[]>();
  for (const each of waiting) {
    const some = sources.get(each.source);
    if (some === undefined) sources.set(each.source, [each]);
    else some.push(each);
  }
  return sources;
}
