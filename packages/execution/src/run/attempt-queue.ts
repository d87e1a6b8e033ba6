import type { AdapterTraits } from '../adapters/port.ts';
import type { Attempt } from './attempts.ts';

/** An adapter is given what it answers in so long, so that other processes find something to do as well. */
const AHEAD_MS = 50;
/** Attempts that it is given at least, per number of attempts that it works on at one time. */
const LEAST_SHARE = 4;

/** The attempts of one adapter that wait to be put to it, in order, and how many it may be asked about. */
export class AttemptQueue {
  /** Number of unanswered attempts. */
  asked = 0;
  /** True when attempts of the adapter go on without the process. */
  readonly outlives: boolean;
  readonly #width: number | undefined;
  readonly #nowMs: () => number;
  #waiting: Attempt[] = [];
  #at = 0;
  #sinceMs = 0;
  #answeredSince = 0;
  #answeredBefore = 0;

  constructor({ width, outlives = false }: AdapterTraits, nowMs: () => number) {
    this.outlives = outlives;
    this.#width = width;
    this.#nowMs = nowMs;
  }

  get length(): number {
    return this.#waiting.length - this.#at;
  }

  add(attempt: Attempt): void {
    this.#waiting.push(attempt);
  }

  /** Returns the first attempts, which stay. */
  first(count: number): readonly Attempt[] {
    return this.#waiting.slice(this.#at, this.#at + count);
  }

  /** Takes the first attempt; undefined when there is none. */
  take(): Attempt | undefined {
    const attempt = this.#waiting[this.#at];
    if (attempt) this.#at += 1;
    if (this.#at * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#at);
      this.#at = 0;
    }
    return attempt;
  }

  /** Notes an answer. */
  answered(): void {
    this.#answeredSince += 1;
  }

  /** Returns the number of attempts that the adapter may still be asked about. */
  room(): number {
    if (this.#width === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs();
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs >= AHEAD_MS || elapsedMs < 0) {
      this.#answeredBefore = elapsedMs < 0 ? 0 : (this.#answeredSince * AHEAD_MS) / elapsedMs;
      this.#answeredSince = 0;
      this.#sinceMs = nowMs;
    }
    // @spec DML-EXE-3006
    const most = Math.max(LEAST_SHARE * this.#width, 2 * this.#answeredBefore, 2 * this.#answeredSince);
    return Math.max(0, most - this.asked);
  }
}
