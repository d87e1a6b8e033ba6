import type { RunEvent } from '@daggerml/execution';
import type { Dag } from './dag.ts';
import type { EventStream, MissedEvents } from './event-stream.ts';
import type { RunResult } from './repository.ts';

/**
 * The handle of a run of a pipeline that has begun.
 *
 * @spec DML-BND-1869
 */
export class RunHandle<out Root = unknown> {
  /** The dag of the run: `dag.describeCall(event.nodeId)` says which call an event is about. */
  readonly dag: Dag;
  /**
   * The events of the run from its first to its end. Each iteration reads all of them. The run never waits for a reader:
   * one that is more than 65,536 events behind gets one event of the type `missed`, with their number, in place of the
   * oldest. A loop that is left does not end the run, and a failure of the run is told by `wait` alone.
   */
  readonly events: AsyncIterable<RunEvent | MissedEvents>;
  readonly #result: Promise<RunResult<Root>>;
  #status: 'pending' | 'ok' | 'error' = 'pending';

  /** Creates a handle; only `Repository.start` does. */
  constructor(dag: Dag, events: EventStream, result: Promise<RunResult<Root>>) {
    this.dag = dag;
    this.events = events;
    this.#result = result;
    const ended = (status: 'ok' | 'error') => () => {
      this.#status = status;
      events.end();
    };
    // @spec DML-BND-1865
    result.then(ended('ok'), ended('error'));
  }

  /** `pending` until the run has ended; `ok` where its dag is committed. */
  get status(): 'pending' | 'ok' | 'error' {
    return this.#status;
  }

  /** Returns what `Repository.run` does, when the run has ended; rejects as it does. */
  async wait(): Promise<RunResult<Root>> {
    return await this.#result;
  }
}
