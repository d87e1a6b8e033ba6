import type { DatumId } from '@daggerml/object-model';
import type { ExecutionAdapter } from '../adapters/port.ts';
import type { RunNode } from './run-node.ts';

/** Average duration from which calls are claimed whose author has not decided. */
const CLAIM_AFTER_MS = 10_000;

/** Calls of one function in a run. */
interface Durations {
  count: number;
  totalMs: number;
}

/**
 * Says which calls are worth a claim, which costs two requests.
 *
 * @spec DML-REM-1130
 */
export class ClaimWorth {
  readonly #adapter: Pick<ExecutionAdapter, 'traitsOf'>;
  readonly #claimAfterMs: number;
  readonly #durations = new Map<DatumId, Durations>();

  constructor(adapter: Pick<ExecutionAdapter, 'traitsOf'>, claimAfterMs: number = CLAIM_AFTER_MS) {
    this.#adapter = adapter;
    this.#claimAfterMs = claimAfterMs;
  }

  /** Notes how long a call has taken. */
  note({ callee }: RunNode, durationMs: number): void {
    if (!callee) return;
    const durations = this.#durations.get(callee.functionDatumId) ?? { count: 0, totalMs: 0 };
    durations.count += 1;
    durations.totalMs += durationMs;
    this.#durations.set(callee.functionDatumId, durations);
  }

  /** Checks whether a call is to be claimed. */
  isWorth({ callee }: RunNode): boolean {
    // @spec DML-REM-1131
    if (callee?.options.claim !== undefined) return callee.options.claim;
    if (callee && this.#adapter.traitsOf?.(callee.uri)?.outlives) return true;
    const { count, totalMs } = (callee && this.#durations.get(callee.functionDatumId)) ?? {
      count: 0,
      totalMs: 0,
    };
    return (count === 0 ? 0 : totalMs / count) >= this.#claimAfterMs;
  }
}
