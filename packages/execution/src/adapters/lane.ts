import type { NodeId } from '@daggerml/object-model';
import type { NestedAnswer } from '../worker/wire.ts';
import type {
  AdapterContext,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './port.ts';

/** One adapter with the questions that wait for it. */
export class Lane implements ExecutionAdapter {
  /** Unbounded: calls for which the adapter has no room wait here. */
  readonly capacity: number = Number.POSITIVE_INFINITY;
  readonly #adapter: ExecutionAdapter;
  readonly #unanswered = new Set<NodeId>();
  /** Questions beyond the capacity, in their order. */
  readonly #waiting = new Map<NodeId, Submission | Poll>();

  constructor({ objects, report }: AdapterContext, start: StartAdapter) {
    this.#adapter = start({
      objects,
      report: (reports) => {
        for (const each of reports) if (each.type === 'answered') this.#unanswered.delete(each.nodeId);
        report(reports);
        if (this.#waiting.size > 0) this.#askWaiting();
      },
    });
  }

  traitsOf(functionUri: string): AdapterTraits | undefined {
    return this.#adapter.traitsOf?.(functionUri);
  }

  submit(submissions: readonly Submission[]): void {
    if (this.#takes(submissions)) this.#adapter.submit(submissions);
  }

  poll(polls: readonly Poll[]): void {
    if (this.#takes(polls)) this.#adapter.poll(polls);
  }

  answerNested(nodeId: NodeId, request: number, answer: NestedAnswer): void {
    if (this.#unanswered.has(nodeId)) this.#adapter.answerNested?.(nodeId, request, answer);
  }

  /** Asks at once what a running function waits for: its own answer may free the room that this waits for. */
  raise(nodeId: NodeId, depth: number): void {
    const question = this.#waiting.get(nodeId);
    if (question === undefined) return this.#adapter.raise?.(nodeId, depth);
    this.#waiting.delete(nodeId);
    this.#unanswered.add(nodeId);
    if ('token' in question) this.#adapter.poll([question]);
    else this.#adapter.submit([{ ...question, depth }]);
  }

  stop(nodeId: NodeId): void {
    if (this.#waiting.delete(nodeId)) return;
    this.#unanswered.delete(nodeId);
    this.#adapter.stop(nodeId);
    this.#askWaiting();
  }

  settled(executionUuid: string): void {
    this.#adapter.settled?.(executionUuid);
  }

  close(): Promise<void> {
    this.#waiting.clear();
    return this.#adapter.close();
  }

  /** Notes questions that the adapter can be asked at once; those for which it has no room wait. */
  #takes(questions: readonly (Submission | Poll)[]): boolean {
    const hasRoom = this.#unanswered.size + questions.length <= this.#adapter.capacity;
    if (hasRoom && this.#waiting.size === 0) {
      for (const { nodeId } of questions) this.#unanswered.add(nodeId);
      return true;
    }
    for (const question of questions) {
      const { nodeId } = question;
      this.#waiting.set(nodeId, question);
      if ('depth' in question && (question.depth ?? 0) > 0) this.raise(nodeId, question.depth ?? 0);
    }
    this.#askWaiting();
    return false;
  }

  #askWaiting(): void {
    const submissions: Submission[] = [];
    const polls: Poll[] = [];
    for (const [nodeId, question] of this.#waiting) {
      // @spec DML-EXE-3303
      // @spec DML-EXE-2334
      if (this.#unanswered.size >= this.#adapter.capacity) break;
      this.#waiting.delete(nodeId);
      this.#unanswered.add(nodeId);
      if ('token' in question) polls.push(question);
      else submissions.push(question);
    }
    if (submissions.length > 0) this.#adapter.submit(submissions);
    if (polls.length > 0) this.#adapter.poll(polls);
  }
}
