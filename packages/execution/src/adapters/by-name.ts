import type { NodeId } from '@daggerml/object-model';
import { adapterNameOf, repositoryError } from '@daggerml/repository';
import type { NestedAnswer } from '../worker/wire.ts';
import type {
  AdapterContext,
  AdapterReport,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './port.ts';

/** The adapters of an Executor, by the name in the URIs of their functions. */
export type NamedAdapters = Readonly<Record<string, StartAdapter>>;

/** Gives each call to the adapter that its function's URI names; an adapter starts with its first call. */
export class AdaptersByName implements ExecutionAdapter {
  /** Each adapter has a queue of its own, so none is held up by what waits for another. */
  readonly capacity: number = Number.POSITIVE_INFINITY;
  readonly #context: AdapterContext;
  readonly #adapters: NamedAdapters;
  readonly #lanes = new Map<string, Lane>();

  constructor(context: AdapterContext, adapters: NamedAdapters) {
    this.#context = context;
    this.#adapters = adapters;
  }

  submit(submissions: readonly Submission[]): void {
    for (const [lane, part] of this.#byLane(submissions)) lane?.submit(part);
  }

  poll(polls: readonly Poll[]): void {
    for (const [lane, part] of this.#byLane(polls)) lane?.poll(part);
  }

  answerNested(nodeId: NodeId, request: number, answer: NestedAnswer): void {
    for (const lane of this.#lanes.values()) lane.answerNested(nodeId, request, answer);
  }

  raise(nodeId: NodeId, depth: number): void {
    for (const lane of this.#lanes.values()) lane.raise(nodeId, depth);
  }

  stop(nodeId: NodeId): void {
    for (const lane of this.#lanes.values()) lane.stop(nodeId);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#lanes.values(), (lane) => lane.close()));
  }

  /** Returns questions with the queues that they go to, and refuses those that no adapter answers. */
  #byLane<Question extends Submission | Poll>(
    questions: readonly Question[],
  ): Map<Lane | undefined, Question[]> {
    const parts = new Map<Lane | undefined, Question[]>();
    for (const question of questions) {
      const lane = this.#laneOf(question.functionUri);
      if (!lane) this.#refuse(question);
      const part = parts.get(lane);
      if (part) part.push(question);
      else parts.set(lane, [question]);
    }
    return parts;
  }

  /** @spec DML-EXE-3300 */
  #laneOf(uri: string): Lane | undefined {
    const name = adapterNameOf(uri);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    if (lane || name === undefined || !Object.hasOwn(this.#adapters, name)) return lane;
    // @spec DML-EXE-3301
    const started = new Lane(this.#context, this.#adapters[name] as StartAdapter);
    this.#lanes.set(name, started);
    return started;
  }

  /** @spec DML-EXE-3302 */
  #refuse({ nodeId, functionUri: uri }: Submission | Poll): void {
    const known = Object.keys(this.#adapters).sort();
    const { code, words: reason } = repositoryError('adapter_unknown', { uri, known });
    const report: AdapterReport = {
      type: 'answered',
      nodeId,
      answer: { type: 'failed', isRetryable: false, code, reason },
    };
    setImmediate(() => this.#context.report([report]));
  }
}

/** One adapter with the questions that wait for it. */
class Lane {
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
