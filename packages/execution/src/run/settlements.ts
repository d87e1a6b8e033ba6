import type { RunNode } from './run-node.ts';

/** The nodes of a run that have not come to their end, and those who wait for that. */
export class Settlements {
  readonly #open = new Set<RunNode>();
  readonly #waiters = new Map<RunNode, Waiter[]>();
  #idleWaiters: (() => void)[] = [];
  #broken: unknown;

  /** Checks whether every node has come to its end. */
  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** The nodes that have not come to their end. */
  get open(): readonly RunNode[] {
    return [...this.#open];
  }

  add(node: RunNode): void {
    this.#open.add(node);
  }

  /** Notes that a node has come to its end. */
  settle(node: RunNode): void {
    this.#open.delete(node);
    const waiters = this.#waiters.get(node);
    if (waiters) {
      this.#waiters.delete(node);
      for (const wake of waiters) wake();
    }
    if (this.#open.size === 0 && this.#idleWaiters.length > 0) this.#wakeIdle();
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
