import type { DatumId, NodeId } from '@daggerml/object-model';
import type { FunctionFailure, LostAttempt } from './wire.ts';

/** One attempt of a call, as a thread makes it. */
export interface Job {
  readonly nodeId: NodeId;
  readonly functionUri: string;
  readonly inputDatumIds: readonly DatumId[];
  readonly timeoutMs?: number | undefined;
}

export interface JobEnd {
  readonly job: Job;
  readonly outcome: JobOutcome;
}

/**
 * Outcome of an attempt. `lost` says nothing about the call itself; `broken` neither: this process could not read or
 * take what the call needed.
 */
export type JobOutcome =
  | { readonly type: 'value'; readonly datumId: DatumId }
  | { readonly type: 'threw'; readonly failure: FunctionFailure }
  | { readonly type: 'broken'; readonly error: unknown }
  | {
      readonly type: 'lost';
      readonly code: LostAttempt['code'] | 'timeout' | 'cancelled';
      readonly reason: string;
    };
