/** A node of the graph, with the two fields that the scheduler keeps on it. */
export interface Schedulable<Self> {
  readonly inputs: readonly Self[];
  /** True when the outcome is known, so that dependents may go on. */
  readonly isKnown: boolean;
  /** True when the outcome may be withdrawn. */
  readonly isTentative: boolean;
  unknownInputs: number;
  dependents: Self[] | undefined;
}

/**
 * The order in which nodes can be decided: a node is ready when the outcomes of all its inputs are known.
 *
 * It is a graph and a queue: it calls nothing, so a chain may be longer than the stack is deep.
 */
export class Scheduler<Node extends Schedulable<Node>> {
  readonly #ready: Node[] = [];
  #readyAt = 0;

  /** Adds a node; it is ready at once when all its inputs are known. */
  add(node: Node): void {
    for (const input of node.inputs) {
      if (!input.isKnown) node.unknownInputs += 1;
      else if (!input.isTentative) continue;
      input.dependents ??= [];
      input.dependents.push(node);
    }
    this.retry(node);
  }

  /** Makes a node ready again that was not decided, unless an input is unknown by now. */
  retry(node: Node): void {
    if (node.unknownInputs === 0) this.#ready.push(node);
  }

  /** Notes that the outcome of a node is known; those that wait for it alone are ready. */
  know(node: Node): void {
    const dependents = node.dependents ?? [];
    if (!node.isTentative) node.dependents = undefined;
    for (const dependent of dependents) {
      dependent.unknownInputs -= 1;
      this.retry(dependent);
    }
  }

  /** Notes that the outcome of a tentative node is about to be withdrawn; it is retried when all such are noted. */
  withdraw(node: Node): void {
    if (!node.isKnown) return;
    for (const dependent of node.dependents ?? []) dependent.unknownInputs += 1;
  }

  /** Returns the node that has been ready for longest; undefined when none is. */
  next(): Node | undefined {
    if (this.#readyAt < this.#ready.length) return this.#ready[this.#readyAt++];
    this.#ready.length = 0;
    this.#readyAt = 0;
    return undefined;
  }
}
