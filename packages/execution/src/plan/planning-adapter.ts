import type { NodeId } from '@daggerml/object-model';
import type { AdapterContext, AdapterReport, ExecutionAdapter, Submission } from '../adapters/port.ts';
import { NOT_RUN } from './not-run.ts';

/** Runs nothing: notes which calls would run, and ends them at once so that the rest of the dag is looked at. */
export class PlanningAdapter implements ExecutionAdapter {
  readonly capacity: number = Number.MAX_SAFE_INTEGER;
  readonly #report: AdapterContext['report'];
  #answers: AdapterReport[] = [];
  #timer: ReturnType<typeof setImmediate> | undefined;

  constructor({ report }: AdapterContext) {
    this.#report = report;
  }

  /** @spec DML-EXE-3501 */
  submit(submissions: readonly Submission[]): void {
    for (const { nodeId } of submissions) this.#answers.push(answerOf(nodeId));
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      this.#report(this.#answers.splice(0));
    });
  }

  poll(): void {}

  stop(nodeId: NodeId): void {
    this.#answers = this.#answers.filter((answer) => !('nodeId' in answer) || answer.nodeId !== nodeId);
  }

  async close(): Promise<void> {
    clearImmediate(this.#timer);
  }
}

function answerOf(nodeId: NodeId): AdapterReport {
  const reason = 'nothing runs in a plan';
  return { type: 'answered', nodeId, answer: { type: 'failed', isRetryable: false, code: NOT_RUN, reason } };
}
