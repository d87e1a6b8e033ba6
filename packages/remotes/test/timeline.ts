import type { GatherClock } from '../src/cache/gather-publications.ts';

const TICK_MS = 10;

/** Time of a test, which goes on in steps whenever nothing else happens. */
export class Timeline {
  nowMs: number = 1_000_000_000_000;
  readonly #sleepers: Map<number, (() => void)[]> = new Map();

  sleep(ms: number): Promise<void> {
    const tick = Math.max(Math.ceil((this.nowMs + ms) / TICK_MS), this.nowMs / TICK_MS + 1);
    return new Promise((wake) => {
      const others = this.#sleepers.get(tick);
      if (others === undefined) this.#sleepers.set(tick, [wake]);
      else others.push(wake);
    });
  }

  async run(until: () => boolean): Promise<void> {
    while (!until()) {
      for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      this.nowMs += TICK_MS;
      const tick = this.nowMs / TICK_MS;
      const woken = this.#sleepers.get(tick) ?? [];
      this.#sleepers.delete(tick);
      for (const wake of woken) wake();
    }
  }

  /** Timers of this time. */
  get gatherClock(): GatherClock {
    return {
      monotonicMs: () => this.nowMs,
      callAfter: (ms, act) => {
        let isCancelled = false;
        void this.sleep(ms).then(() => {
          if (!isCancelled) act();
        });
        return () => {
          isCancelled = true;
        };
      },
    };
  }
}
