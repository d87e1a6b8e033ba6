import type { NodeId } from '@daggerml/object-model';
import type { RunNode } from './run-node.ts';

/** The nodes of a run that have not come to their end, and those who wait for that. */
export class Settlements {
  /** All nodes of the run: a set of the open ones would cost more than to look for them once. */
  readonly #nodes: ReadonlyMap<NodeId, RunNode>;
  #openCount = 0;
  readonly #waiters = new Map<RunNode, Waiter[]>();
  #idleWaiters: (() => void)[] = [];
  #broken: unknown;

  constructor(nodes: ReadonlyMap<NodeId, RunNode>) {
    this.#nodes = nodes;
  }

  /** Checks whether every node has come to its end. */
  get isIdle(): boolean {
    return this.#openCount === 0;
  }

  /** The nodes that have not come to their end. */
  get open(): readonly RunNode[] {
    return this.isIdle ? [] : [...this.#nodes.values()].filter(({ status }) => status === 'pending');
  }

  /** Notes that one more node is to come to its end. */
  add(): void {
    this.#openCount += 1;
  }

  /** Notes that a node has come to its end. */
  settle(node: RunNode): void {
    this.#openCount -= 1;
    const waiters = this.#waiters.get(node);
    if (waiters) {
      this.#waiters.delete(node);
      for (const wake of waiters) wake();
    }
    if (this.isIdle && this.#idleWaiters.length > 0) this.#wakeIdle();
  }

  /** Resolves when the node has come to its end. */
  settled(node: RunNode): Promise<void> {
    if (node.status !== 'pending') return Promise.resolve();
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(node);
      if (waiters) waiters.push(resolve);
      else this.#waiters.set(node, [resolve]);
    });
  }

  /** Resolves when every node has come to its end; rejects with the error that ended the run. */
  async idle(): Promise<void> {
    if (!this.isIdle && this.#broken === undefined) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Ends the run with an error. */
  break(error: unknown): void {
    this.#broken = error;
  }

  /** Wakes those who wait for all nodes. */
  #wakeIdle(): void {
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }
}

type Waiter = () => void;
