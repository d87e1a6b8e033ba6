/** Polls that are due within so long are made together. */
const TICK_MS = 20;

export interface PollClockOptions<Poll> {
  /** Time in milliseconds that never goes back. */
  readonly monotonicMs: () => number;
  /** Takes polls whose time has come, in the order of their ticks. */
  readonly take: (due: readonly Poll[]) => void;
}

/** Polls that wait for their time, with one timer for all of them. */
export class PollClock<Poll> {
  readonly #options: PollClockOptions<Poll>;
  readonly #ticks = new Map<number, Poll[]>();
  #nextTick = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PollClockOptions<Poll>) {
    this.#options = options;
  }

  /** Adds a poll that is to be made when so much time has passed, or up to 20 ms later. */
  add(poll: Poll, afterMs: number): void {
    const tick = Math.ceil((this.#options.monotonicMs() + afterMs) / TICK_MS);
    const polls = this.#ticks.get(tick);
    if (polls) polls.push(poll);
    else this.#ticks.set(tick, [poll]);
    if (tick < this.#nextTick) this.#wait(tick);
  }

  #wait(tick: number): void {
    clearTimeout(this.#timer);
    this.#nextTick = tick;
    const afterMs = Math.max(0, tick * TICK_MS - this.#options.monotonicMs());
    this.#timer = setTimeout(() => this.#ring(), afterMs);
  }

  #ring(): void {
    const now = Math.floor(this.#options.monotonicMs() / TICK_MS);
    const due = [...this.#ticks.keys()].filter((tick) => tick <= now).sort((a, b) => a - b);
    const polls = due.flatMap((tick) => this.#ticks.get(tick) ?? []);
    for (const tick of due) this.#ticks.delete(tick);
    this.#nextTick = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const tick of this.#ticks.keys()) next = Math.min(next, tick);
    if (next < Number.POSITIVE_INFINITY) this.#wait(next);
    if (polls.length > 0) this.#options.take(polls);
  }

  /** Forgets all polls. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#ticks.clear();
    this.#nextTick = Number.POSITIVE_INFINITY;
  }
}
