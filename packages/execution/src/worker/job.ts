import type { DatumId, NodeId } from '@daggerml/object-model';
import type { CallAnswer, LostAttempt } from './wire.ts';

/** One attempt of a call, as a thread makes it. */
export interface Job {
  readonly nodeId: NodeId;
  readonly functionUri: string;
  readonly inputDatumIds: readonly DatumId[];
  readonly timeoutMs?: number | undefined;
  /** Number of running functions that wait for it, each by way of the next; 0 for a call of the dag. */
  readonly depth?: number | undefined;
}

export interface JobEnd {
  readonly job: Job;
  readonly outcome: JobOutcome;
}

type AnswerOf<Type extends CallAnswer['type']> = Extract<CallAnswer, { readonly type: Type }>;

/**
 * Outcome of an attempt. `lost` says nothing about the call itself; `broken` neither: this process could not read or
 * take what the call needed.
 */
export type JobOutcome =
  | ({ readonly type: 'value' } & Omit<AnswerOf<'done'>, 'type'>)
  | AnswerOf<'threw'>
  | { readonly type: 'broken'; readonly error: unknown }
  | {
      readonly type: 'lost';
      readonly code: LostAttempt['code'] | 'timeout' | 'cancelled';
      readonly reason: string;
    };

/** Outcome of a job that is open when its pool is closed. */
export const closed: JobOutcome = lost('cancelled', 'the pool is closed');

/** Returns the outcome of an attempt that says nothing about the call. */
export function lost(code: 'worker_lost' | 'timeout' | 'cancelled', reason: string): JobOutcome {
  return { type: 'lost', code, reason };
}

/** Returns the outcome that an answer of a thread is. */
export function outcomeOf(answer: CallAnswer): JobOutcome {
  return answer.type === 'done' ? { ...answer, type: 'value' } : answer;
}
