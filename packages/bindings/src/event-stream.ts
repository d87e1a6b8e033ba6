import type { RunEvent } from '@daggerml/execution';

/** In the place of events that a reader was too late for. */
export interface MissedEvents {
  readonly type: 'missed';
  readonly count: number;
}

/** Events that are kept for readers. */
export const KEPT_EVENTS = 65_536;

/**
 * The events of a run, for any number of readers, each from the first one. It keeps the newest, so a reader that is slow,
 * or gone, costs nothing and holds up nobody.
 */
export class EventStream implements AsyncIterable<RunEvent | MissedEvents> {
  readonly #kept: RunEvent[] = [];
  #count = 0;
  #isEnded = false;
  /** The promise of the next event, for readers that have read everything. */
  #next: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  push(event: RunEvent): void {
    this.#kept[this.#count % KEPT_EVENTS] = event;
    this.#count += 1;
    this.#wake();
  }

  /** Ends every iteration once it has read what is kept. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** @spec DML-BND-1863 */
  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent | MissedEvents, void, void> {
    for (let at = 0; ; ) {
      const oldest = Math.max(0, this.#count - KEPT_EVENTS);
      // @spec DML-BND-1864
      if (at < oldest) {
        const count = oldest - at;
        at = oldest;
        yield { type: 'missed', count };
      } else if (at < this.#count) {
        yield this.#kept[at++ % KEPT_EVENTS] as RunEvent;
      } else if (this.#isEnded) {
        return;
      } else {
        await this.#more();
      }
    }
  }

  #more(): Promise<void> {
    if (this.#next === undefined) {
      let resolve: () => void = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#next = { promise, resolve };
    }
    return this.#next.promise;
  }

  #wake(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }
}
