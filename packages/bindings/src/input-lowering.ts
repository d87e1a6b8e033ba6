import { builtinUri, type OpenRun, type RunNode } from '@daggerml/execution';
import {
  cyclicValue,
  isCollection,
  itemsOf,
  keyPath,
  lowerValue,
  MAX_DEPTH,
  readCollection,
  tooDeep,
} from '@daggerml/values';
import { bindingsError } from './errors.ts';
import { type HandleOwner, NodeHandle } from './node-handle.ts';

/** Adds a builtin on nodes to the dag. */
type AddBuiltin = (uri: string, inputs: readonly RunNode[]) => RunNode;

/** Maximum number of remembered collections. */
const MAX_KNOWN = 1024;

/** Turns values that may hold handles into nodes. */
export class InputLowering {
  readonly #owner: HandleOwner;
  readonly #addBuiltin: AddBuiltin;

  constructor(owner: HandleOwner, addBuiltin: AddBuiltin) {
    this.#owner = owner;
    this.#addBuiltin = addBuiltin;
  }

  /** Returns the node of a value; `path` names it in refusals. */
  lower(value: unknown, path: string): RunNode {
    if (value instanceof NodeHandle) return this.ownNode(value, path);
    const { objects, run } = this.#owner.open;
    if (typeof value !== 'object' || value === null || !isCollection(value)) {
      return run.addLiteral(lowerValue(value, objects, path));
    }
    return new Construction(this.#owner.open, this, this.#addBuiltin).lower(value, path, 0);
  }

  /** @spec DML-BND-0404 */
  ownNode(handle: NodeHandle, path: string): RunNode {
    const node = NodeHandle.nodeOf(handle, this.#owner);
    if (!node) {
      const instead = 'import the other dag and use its names';
      throw bindingsError('foreign_handle', { path: path || 'the value', nodeId: handle.nodeId, instead });
    }
    return node;
  }
}

/** The nodes of one value. */
class Construction {
  readonly #open: OpenRun;
  readonly #handles: InputLowering;
  readonly #addBuiltin: AddBuiltin;
  /** Collections that are being lowered, with their paths. */
  readonly #entered = new Map<object, string>();
  readonly #known = new Map<object, RunNode>();
  /** Collections searched so far, each with true when it holds a handle at any depth. */
  readonly #holding = new Map<object, boolean>();
  /** Collections that are being searched. */
  readonly #searched = new Set<object>();

  constructor(open: OpenRun, handles: InputLowering, addBuiltin: AddBuiltin) {
    this.#open = open;
    this.#handles = handles;
    this.#addBuiltin = addBuiltin;
  }

  lower(value: unknown, path: string, depth: number): RunNode {
    if (value instanceof NodeHandle) return this.#handles.ownNode(value, path);
    // @spec DML-BND-0708
    if (typeof value !== 'object' || value === null || !this.#holdsHandle(value, path, depth)) {
      return this.#open.run.addLiteral(lowerValue(value, this.#open.objects, path));
    }
    const known = this.#known.get(value);
    if (known) return known;
    const outer = this.#entered.get(value);
    if (outer !== undefined) throw cyclicValue(path, outer);
    this.#entered.set(value, path);
    const node = this.#construct(value, path, depth);
    this.#entered.delete(value);
    this.#known.set(value, node);
    return node;
  }

  /** @spec DML-BND-0709 */
  #construct(value: object, path: string, depth: number): RunNode {
    const collection = readCollection(value, path);
    switch (collection.kind) {
      case 'list': {
        const nodes = Array.from(collection.items, (item, index) =>
          this.lower(item, `${path}[${index}]`, depth + 1),
        );
        return this.#addBuiltin(builtinUri('list', 'construct'), nodes);
      }
      case 'set': {
        // @spec DML-BND-0711
        const nodes = new Set(
          Array.from(collection.items, (item, index) => this.lower(item, `${path}{${index}}`, depth + 1)),
        );
        const sorted = [...nodes].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
        return this.#addBuiltin(builtinUri('set', 'construct'), sorted);
      }
      case 'map': {
        // @spec DML-BND-0710
        const inputs = collection.entries.flatMap(([key, item]) => [
          this.lower(key, path, depth + 1),
          this.lower(item, keyPath(path, key), depth + 1),
        ]);
        return this.#addBuiltin(builtinUri('map', 'construct'), inputs);
      }
    }
  }

  /** Checks whether a value holds a handle; a collection inside itself adds none, and lowering refuses it. */
  #holdsHandle(value: object, path: string, depth: number): boolean {
    if (value instanceof NodeHandle) return true;
    const known = this.#holding.get(value);
    if (known !== undefined) return known;
    if (this.#searched.has(value) || !isCollection(value)) return false;
    if (depth > MAX_DEPTH) throw tooDeep(path);
    this.#searched.add(value);
    const isHolding = this.#someItemHolds(value, path, depth);
    this.#searched.delete(value);
    if (this.#holding.size >= MAX_KNOWN) this.#holding.clear();
    this.#holding.set(value, isHolding);
    return isHolding;
  }

  #someItemHolds(value: object, path: string, depth: number): boolean {
    for (const item of readableItems(value)) {
      if (typeof item === 'object' && item !== null && this.#holdsHandle(item, path, depth + 1)) return true;
    }
    return false;
  }
}

function readableItems(value: object): Iterable<unknown> {
  try {
    return itemsOf(value);
  } catch {
    // A getter that throws is refused by lowering.
    return [];
  }
}
