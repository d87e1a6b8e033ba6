import { wholeMs } from '@daggerml/store';
import type { AdapterAnswer } from '../adapters/port.ts';
import type { Attempt } from './attempts.ts';
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
      const { code, reason, isRetryable } = answer;
      const failure = { code, reason };
      // @spec DML-EXE-2405
      const isAsked = code !== 'timeout' || attempt.node.callee?.options.retries !== undefined;
      if (!isRetryable || !isAsked) return { type: 'refused', failure };
      // @spec DML-EXE-0906
      return { type: 'infrastructure_failure', failure, jitter: random() };
    }
    case 'done':
      attempt.result = answer;
      // @spec DML-EXE-0880 DML-EXE-0881
      attempt.finishedMs = Math.max(attempt.startedMs, wholeMs(nowMs()));
      // @spec DML-EXE-0604
      return answer.outcome === 'ok' ? doneOk : doneError;
  }
}
