import { wholeMs } from '@daggerml/store';
import type { AdapterAnswer } from '../adapters/port.ts';
import { type Attempt, leftMs, limitMs } from './attempts.ts';
import type { CallEvent } from './machine.ts';

const doneOk: CallEvent = { type: 'done_ok' };
const doneError: CallEvent = { type: 'done_error' };

/**
 * Returns the event that an answer is to the machine of its call, and notes a result on the attempt. Throws the error
 * of a store that could not be read.
 */
export function eventOfAnswer(
  attempt: Attempt,
  answer: AdapterAnswer,
  { nowMs, random }: { nowMs: () => number; random: () => number },
): CallEvent {
  switch (answer.type) {
    case 'broken':
      throw answer.error;
    case 'pending':
      return answer;
    case 'failed': {
      const { code, detail, isRetryable } = answer;
      const tookMs = nowMs() - attempt.startedMs;
      // A timer may end an attempt before the clock of the run has reached its limit.
      spend(attempt, code === 'timeout' ? Math.max(tookMs, limitMs(attempt) ?? 0) : tookMs);
      const failure = { code, detail, reason: reasonOf(attempt, answer) };
      // @spec DML-EXE-2405
      const isAsked = code !== 'timeout' || attempt.node.callee?.options.retries !== undefined;
      if (!isRetryable || !isAsked) return { type: 'refused', failure };
      // @spec DML-EXE-0906
      return { type: 'infrastructure_failure', failure, jitter: random(), leftMs: leftMs(attempt) };
    }
    case 'done': {
      attempt.result = answer;
      // @spec DML-EXE-0880 DML-EXE-0881
      attempt.finishedMs = Math.max(attempt.startedMs, wholeMs(nowMs()));
      // @spec DML-EXE-0884
      if (answer.result) {
        attempt.startedMs = answer.result.startedMs;
        attempt.finishedMs = answer.result.finishedMs;
      }
      // @spec DML-EXE-0604
      if (answer.outcome === 'ok') return doneOk;
      // What was recorded elsewhere was attempted as often there.
      if (answer.result || !isRetriedThrow(attempt, answer)) return doneError;
      spend(attempt, attempt.finishedMs - attempt.startedMs);
      // @spec DML-EXE-3105
      const { code, message: reason } = answer.failure;
      const failure = { code, reason };
      return { type: 'throw_to_retry', failure, jitter: random(), leftMs: leftMs(attempt) };
    }
  }
}

/** Adds the time of an attempt that has ended to what its call has spent; none where the clock was set back. */
function spend(attempt: Attempt, tookMs: number): void {
  attempt.spentMs += Math.max(0, tookMs);
}

/** Returns the reason of a failure; a time-out that the budget of the call caused is said to be one. */
function reasonOf(attempt: Attempt, { code, reason }: AdapterAnswer & { type: 'failed' }): string {
  const budgetMs = attempt.node.callee?.options.budgetMs;
  if (code !== 'timeout' || budgetMs === undefined || leftMs(attempt) !== 0) return reason;
  return `the time budget of ${budgetMs} ms is used up`;
}

/**
 * Checks whether the author of a call asks for another attempt after what its function threw.
 *
 * @spec DML-EXE-3104
 */
function isRetriedThrow({ node }: Attempt, { failure, names = [] }: ThrownAnswer): boolean {
  const retryOn = node.callee?.options.retryOn;
  if (retryOn === undefined || failure.code !== 'function_threw') return false;
  return retryOn === 'throw' || names.some((name) => retryOn.includes(name));
}

type ThrownAnswer = AdapterAnswer & { readonly type: 'done'; readonly outcome: 'error' };
