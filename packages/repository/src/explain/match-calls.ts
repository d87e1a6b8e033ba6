import { type NodeId, treeEntries } from '@daggerml/object-model';
import { nameOfFunction } from '../views/call-text.ts';
import type { CallSide, Comparison, ExplainSource } from './call-side.ts';
import { computed } from './own-differences.ts';

/** Calls of each side that the other one does not have, in the order of their dags. */
export interface UnmatchedCalls {
  readonly before: Iterable<NodeId>;
  readonly after: Iterable<NodeId>;
}

/** Calls of a side that are compared. */
const MAX_CALLS = 20_000;
/** Inputs of a call by which it is compared. */
const MAX_INPUTS = 50;
/** Calls that share an input which are compared. */
const MAX_SHARING = 50;

interface Candidate {
  readonly nodeId: NodeId;
  readonly functionName: string;
  readonly name: string | undefined;
  /** Each input by its place and value. */
  readonly inputs: readonly string[];
}

/**
 * Returns for each new call the earlier one that it takes the place of: of its name in the dag, else of the same
 * function with the most inputs in common, else of the same function in order. Every earlier call is taken once.
 *
 * @spec DML-EXE-1702
 */
export function matchCalls(
  { source, ...sides }: Comparison,
  calls: UnmatchedCalls,
): ReadonlyMap<NodeId, NodeId> {
  const earlier = new Earlier(candidatesOf(source, sides.before, calls.before));
  const matches = new Map<NodeId, NodeId>();
  const open = candidatesOf(source, sides.after, calls.after);
  for (const choose of [earlier.named, earlier.sharing, earlier.next]) {
    for (const call of open) {
      const found = matches.has(call.nodeId) ? undefined : choose(call);
      if (found === undefined) continue;
      earlier.take(found);
      matches.set(call.nodeId, found.nodeId);
    }
  }
  return matches;
}

/** The earlier calls that are not taken yet. */
class Earlier {
  readonly #open = new Set<Candidate>();
  readonly #byName = new Map<string, Candidate>();
  readonly #byInput = new Map<string, Candidate[]>();
  readonly #byFunction = new Map<string, Candidate[]>();

  constructor(candidates: readonly Candidate[]) {
    for (const candidate of candidates) {
      this.#open.add(candidate);
      if (candidate.name !== undefined) this.#byName.set(candidate.name, candidate);
      listIn(this.#byFunction, candidate.functionName).push(candidate);
      for (const input of candidate.inputs)
        listIn(this.#byInput, `${candidate.functionName} ${input}`).push(candidate);
    }
    for (const list of this.#byFunction.values()) list.reverse();
  }

  take(candidate: Candidate): void {
    this.#open.delete(candidate);
  }

  readonly named = ({ name }: Candidate): Candidate | undefined => {
    const found = name === undefined ? undefined : this.#byName.get(name);
    return found && this.#open.has(found) ? found : undefined;
  };

  readonly sharing = ({ functionName, inputs }: Candidate): Candidate | undefined => {
    const shared = new Map<Candidate, number>();
    for (const input of inputs) {
      let count = 0;
      for (const candidate of this.#byInput.get(`${functionName} ${input}`) ?? []) {
        if (!this.#open.has(candidate)) continue;
        shared.set(candidate, (shared.get(candidate) ?? 0) + 1);
        if (++count === MAX_SHARING) break;
      }
    }
    let best: Candidate | undefined;
    for (const [candidate, count] of shared)
      if (best === undefined || count > (shared.get(best) ?? 0)) best = candidate;
    return best;
  };

  readonly next = ({ functionName }: Candidate): Candidate | undefined => {
    const list = this.#byFunction.get(functionName) ?? [];
    while (list.length > 0 && !this.#open.has(list.at(-1) as Candidate)) list.pop();
    return list.at(-1);
  };
}

function listIn<Key>(lists: Map<Key, Candidate[]>, key: Key): Candidate[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

function candidatesOf(source: ExplainSource, side: CallSide, nodeIds: Iterable<NodeId>): Candidate[] {
  const found: Candidate[] = [];
  for (const nodeId of nodeIds) {
    if (found.length === MAX_CALLS) break;
    const node = computed(source, nodeId);
    if (node?.kind !== 'call') continue;
    const values = side.inputsOf(nodeId);
    const ids: Iterable<string> =
      values === undefined
        ? treeEntries('inputs', node.inputs, source)
        : treeEntries('values', values, source);
    const inputs: string[] = [];
    for (const id of ids) if (inputs.push(`${inputs.length} ${id}`) === MAX_INPUTS) break;
    const functionName = nameOfFunction(source, node.functionDatumId);
    found.push({ nodeId, functionName, name: side.nameOf(nodeId), inputs });
  }
  return found;
}
