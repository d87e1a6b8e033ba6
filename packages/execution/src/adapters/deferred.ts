import type { NodeId } from '@daggerml/object-model';
import type { AdapterTraits, ExecutionAdapter, Poll, Submission } from './port.ts';

/** An adapter whose code is loaded with its first call: most runs need none of it. */
export class DeferredAdapter implements ExecutionAdapter {
  readonly capacity: number;
  readonly #traits: AdapterTraits;
  readonly #load: () => Promise<ExecutionAdapter>;
  #adapter: ExecutionAdapter | undefined;
  #loading: Promise<void> | undefined;
  /** Submissions that came before it was loaded. */
  #waiting: Submission[] = [];

  constructor(capacity: number, load: () => Promise<ExecutionAdapter>, traits: AdapterTraits = {}) {
    this.capacity = capacity;
    this.#traits = traits;
    this.#load = load;
  }

  traitsOf(): AdapterTraits {
    return this.#traits;
  }

  submit(submissions: readonly Submission[]): void {
    if (this.#adapter) return this.#adapter.submit(submissions);
    this.#waiting.push(...submissions);
    this.#loading ??= this.#begin();
  }

  poll(polls: readonly Poll[]): void {
    this.#loading ??= this.#begin();
    void this.#loading.then(() => this.#adapter?.poll(polls));
  }

  stop(nodeId: NodeId): void {
    this.#waiting = this.#waiting.filter((submission) => submission.nodeId !== nodeId);
    this.#adapter?.stop(nodeId);
  }

  async close(): Promise<void> {
    this.#waiting = [];
    await this.#loading;
    await this.#adapter?.close();
  }

  async #begin(): Promise<void> {
    this.#adapter = await this.#load();
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) this.#adapter.submit(waiting);
  }
}
