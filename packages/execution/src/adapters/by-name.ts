import type { NodeId } from '@daggerml/object-model';
import { adapterNameOf, repositoryError } from '@daggerml/repository';
import type { NestedAnswer } from '../worker/wire.ts';
import { Lane } from './lane.ts';
import type {
  AdapterContext,
  AdapterReport,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './port.ts';

/** The adapters of an Executor, by the name in the URIs of their functions. */
export type NamedAdapters = Readonly<Record<string, StartAdapter>>;

/** Returns the adapter of a name that is not in the box; undefined where there is none. */
export type OtherAdapters = (name: string) => StartAdapter | undefined;

export interface ByNameOptions {
  /** Finds adapters that are not in the box; none by default. */
  readonly others?: OtherAdapters | undefined;
  /** Returns the name of the adapter for a function; that in its URI by default. */
  readonly nameOf?: (functionUri: string) => string | undefined;
}

/** Hands each call to the adapter that its function's URI names; an adapter starts with its first call. */
export class AdaptersByName implements ExecutionAdapter {
  /** Each adapter has a queue of its own, so none is held up by what waits for another. */
  readonly capacity: number = Number.POSITIVE_INFINITY;
  readonly #context: AdapterContext;
  readonly #adapters: NamedAdapters;
  readonly #others: OtherAdapters;
  readonly #nameOf: (functionUri: string) => string | undefined;
  readonly #lanes = new Map<string, Lane>();

  constructor(
    context: AdapterContext,
    adapters: NamedAdapters,
    { others = () => undefined, nameOf = adapterNameOf }: ByNameOptions = {},
  ) {
    this.#context = context;
    this.#adapters = adapters;
    this.#others = others;
    this.#nameOf = nameOf;
  }

  traitsOf(functionUri: string): AdapterTraits | undefined {
    return this.#laneOf(functionUri)?.traitsOf(functionUri);
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

  settled(executionUuid: string): void {
    for (const lane of this.#lanes.values()) lane.settled(executionUuid);
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
    const name = this.#nameOf(uri);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    if (lane || name === undefined) return lane;
    const start = Object.hasOwn(this.#adapters, name) ? this.#adapters[name] : this.#others(name);
    if (!start) return undefined;
    // @spec DML-EXE-3301
    const started = new Lane(this.#context, start);
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
