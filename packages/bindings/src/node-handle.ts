import { failureError, type OpenRun, type RunNode } from '@daggerml/execution';
import type { ExecId, NodeId, NodeKind } from '@daggerml/object-model';
import { liftDatum, valuesError } from '@daggerml/values';
import { withLine } from './call-site.ts';

/** Conversion hints of the language, each with the word for it in errors. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  default: 'text or a number',
};

/** Marker property that an object literal copies when a handle is spread into it; no value may have it. */
const spreadHandle: unique symbol = Symbol('of a spread handle');

/** The dag that handles belong to, as handles see it. */
export interface HandleOwner {
  /** @internal */
  readonly open: OpenRun;
  /** @internal */
  nameOf(node: RunNode): string | undefined;
}

/**
 * A reference to one node of one dag under construction.
 *
 * Not thenable: an async function that returned a handle would lose the node and return its value.
 *
 * @spec DML-BND-0414
 */
export class NodeHandle<out T = unknown> {
  readonly #owner: HandleOwner;
  readonly #node: RunNode;
  declare readonly valueType?: T;

  /** Creates a handle; only a dag does. */
  constructor(owner: HandleOwner, node: RunNode) {
    this.#owner = owner;
    this.#node = node;
    // @spec DML-BND-0421
    (this as { [spreadHandle]?: true })[spreadHandle] = true;
  }

  get nodeId(): NodeId {
    return this.#node.nodeId;
  }

  get kind(): NodeKind {
    return this.#node.kind;
  }

  /** The name that the dag lists the node under, if it has one. */
  get name(): string | undefined {
    return this.#owner.nameOf(this.#node);
  }

  /**
   * Waits for the node and returns its value; rejects as `wait` does.
   *
   * @spec DML-BND-0413
   */
  async value(): Promise<T> {
    await this.settle();
    const { objects, run } = this.#owner.open;
    return liftDatum(objects, run.valueOf(this.#node)) as T;
  }

  /**
   * Refuses to become text or a number: a handle is no value yet.
   *
   * @spec DML-BND-0418
   */
  [Symbol.toPrimitive](hint: string): never {
    throw withLine(this.#usedAs(WANTED[hint] as string), this[Symbol.toPrimitive]);
  }

  /**
   * Refuses to become JSON, which would be an empty object.
   *
   * @spec DML-BND-0419
   */
  toJSON(): never {
    throw withLine(this.#usedAs('JSON'), this.toJSON);
  }

  /** @spec DML-BND-0420 */
  #usedAs(wanted: string): Error {
    const { kind, callee } = this.#node;
    const of = callee === undefined ? `the ${kind}` : `${callee.name}${kind === 'call' ? '()' : ''}`;
    return valuesError(
      'unsupported_value',
      {
        path: `the handle of ${of} (node ${this.nodeId.slice(0, 12)})`,
        found: `used as ${wanted} before it has a value`,
        instead: 'use await handle.value(), or pass the handle itself on',
      },
      undefined,
      'handle',
    );
  }

  static {
    /** Returns the form that the console prints. */
    function show(this: NodeHandle): object {
      const { kind, nodeId, callee, status } = this.#node;
      const what = [kind, ...(callee ? [callee.name] : [])].join(' ');
      const text = `${this.constructor.name} { ${what}, node ${nodeId.slice(0, 12)}, ${status} }`;
      return { [inspect]: () => text };
    }
    const inspect = Symbol.for('nodejs.util.inspect.custom');
    Object.defineProperty(NodeHandle.prototype, inspect, { value: show });
  }

  /** @internal */
  async settle(): Promise<void> {
    await this.#owner.open.run.settled(this.#node);
    // @spec DML-BND-0503
    if (this.#node.failure) throw failureError(this.#node);
  }

  /** @internal The node, when the handle belongs to `owner`. */
  static nodeOf(handle: NodeHandle, owner: HandleOwner): RunNode | undefined {
    return handle.#owner === owner ? handle.#node : undefined;
  }

  /** @internal */
  protected static node(handle: NodeHandle): RunNode {
    return handle.#node;
  }
}

/** The handle of a call. */
export class ExecutionHandle<out T = unknown> extends NodeHandle<T> {
  /**
   * `pending` until the outcome is known and kept.
   *
   * @spec DML-BND-0501
   */
  get status(): 'pending' | 'ok' | 'error' {
    return NodeHandle.node(this).status;
  }

  /**
   * The exec that answers the call; undefined before there is one, and for a failure that is not recorded.
   *
   * @spec DML-BND-0505
   */
  get execId(): ExecId | undefined {
    const node = NodeHandle.node(this);
    return node.status === 'pending' ? undefined : node.execId;
  }

  /** Resolves when the call is complete; rejects with the code and message of its failure. */
  async wait(): Promise<this> {
    await this.settle();
    return this;
  }
}
