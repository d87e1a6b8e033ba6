import type { NodeId } from '@daggerml/object-model';
import { liftDatum, lowerValue } from '@daggerml/values';
import type { AdapterAnswer, AdapterContext, ExecutionAdapter, Poll, Submission } from '../adapters/port.ts';
import { packObjects } from '../worker/packed-objects.ts';
import { ObjectCollector } from './object-collector.ts';

type MemoryFunction = (...inputs: never[]) => unknown;

/** Trouble with an answer: it is not there yet, it is lost, or the objects of the result are. */
export type Trouble = 'pending' | 'lost' | 'incomplete';

export interface MemoryAdapterOptions {
  /** Functions by the last part of their URI, `dml+exec://memory/<name>`. */
  readonly functions: Readonly<Record<string, MemoryFunction>>;
  readonly capacity?: number;
  /** Troubles of the answers about each call, in order; answers after them are right. */
  readonly troubles?: readonly Trouble[];
}

/** Returns the URI of a function of a `MemoryAdapter`. */
export function memoryUri(name: string): string {
  return `dml+exec://memory/${name}`;
}

/** Runs functions of this process, with troubles that are asked for. */
export class MemoryAdapter implements ExecutionAdapter {
  readonly capacity: number;
  /** Everything that was asked, in order. */
  readonly asked: (Submission | Poll)[] = [];
  /** Sizes of the batches of submissions. */
  readonly batchSizes: number[] = [];
  /** The most attempts that were unanswered at one time. */
  maxUnanswered = 0;
  readonly #context: AdapterContext;
  readonly #options: MemoryAdapterOptions;
  readonly #submissions = new Map<NodeId, Submission>();
  readonly #troubles = new Map<NodeId, Trouble[]>();
  readonly #unanswered = new Set<NodeId>();
  #tokens = 0;
  #isClosed = false;

  constructor(context: AdapterContext, options: MemoryAdapterOptions) {
    this.#context = context;
    this.#options = options;
    this.capacity = options.capacity ?? 100;
  }

  submit(submissions: readonly Submission[]): void {
    this.batchSizes.push(submissions.length);
    for (const submission of submissions) {
      this.asked.push(submission);
      this.#submissions.set(submission.nodeId, submission);
      this.#answerLater(submission, true);
    }
  }

  poll(polls: readonly Poll[]): void {
    for (const poll of polls) {
      this.asked.push(poll);
      this.#answerLater(this.#submissions.get(poll.nodeId) as Submission, false);
    }
  }

  stop(nodeId: NodeId): void {
    this.#unanswered.delete(nodeId);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #answerLater(submission: Submission, isNew: boolean): void {
    const { nodeId } = submission;
    this.#unanswered.add(nodeId);
    this.maxUnanswered = Math.max(this.maxUnanswered, this.#unanswered.size);
    setImmediate(() => {
      if (this.#isClosed || !this.#unanswered.has(nodeId)) return;
      if (isNew) this.#context.report([{ type: 'started', nodeId }]);
      const answer = this.#answerOf(submission);
      if (answer === undefined) return;
      this.#unanswered.delete(nodeId);
      this.#context.report([{ type: 'answered', nodeId, answer }]);
    });
  }

  #answerOf(submission: Submission): AdapterAnswer | undefined {
    const { nodeId } = submission;
    let troubles = this.#troubles.get(nodeId);
    if (!troubles) {
      troubles = [...(this.#options.troubles ?? [])];
      this.#troubles.set(nodeId, troubles);
    }
    const trouble = troubles.shift();
    if (trouble === 'pending') return { type: 'pending', token: `token ${this.#tokens++}`, pollAfterMs: 0 };
    if (trouble === 'lost') return { type: 'failed', isRetryable: true, code: 'unreachable', reason: 'lost' };
    return this.#resultOf(submission, trouble === 'incomplete');
  }

  #resultOf({ functionUri, inputDatumIds }: Submission, isIncomplete: boolean): AdapterAnswer | undefined {
    const callee = this.#options.functions[functionUri.slice(memoryUri('').length)];
    if (!callee) return { type: 'failed', isRetryable: false, code: 'adapter_unknown', reason: functionUri };
    const { objects, report } = this.#context;
    const inputs = inputDatumIds.map((datumId) => liftDatum(objects, datumId)) as never[];
    let value: unknown;
    try {
      value = callee(...inputs);
    } catch (error) {
      const failure = { code: 'function_threw', message: String(error), trace: [] };
      return { type: 'done', outcome: 'error', failure };
    }
    if (value instanceof Promise) return undefined;
    const made = new ObjectCollector();
    const datumId = lowerValue(value, made, 'result');
    if (!isIncomplete) report([{ type: 'objects', objects: packObjects(made.all) }]);
    return { type: 'done', outcome: 'ok', datumId };
  }
}
