/** An operation of a history. */
export interface Operation<Entry> {
  /** Times of a clock that all processes share. */
  readonly calledAt: bigint;
  /** Undefined where nobody knows whether it took effect: it did so at any later time, or never does. */
  readonly returnedAt: bigint | undefined;
  readonly entry: Entry;
}

/** An object with which operations work one after another. */
export interface Model<State, Entry> {
  readonly initial: State;
  /** Returns the state after an operation; undefined where it cannot have ended so in this state. */
  readonly step: (state: State, entry: Entry) => State | undefined;
  /** Returns a text that two states share exactly if they are equal. */
  readonly describe: (state: State) => string;
}

/** A call or a return, in a list by time. */
interface Node {
  readonly operation: number;
  /** Return of a call; undefined for a return, and for a call that never returned. */
  readonly end: Node | undefined;
  readonly isCall: boolean;
  before: Node | undefined;
  after: Node | undefined;
}

/**
 * Checks whether each operation of a history can have taken effect at one moment between its call and its return, by the
 * search of Wing, Gong and Lowe: takes calls in any order that their times allow, goes back where one does not fit, and
 * never looks at the same state after the same operations twice.
 */
export function isLinearizable<State, Entry>(
  operations: readonly Operation<Entry>[],
  { initial, step, describe }: Model<State, Entry>,
): boolean {
  const head = listOf(operations);
  const seen = new Set<string>();
  const taken: { readonly node: Node; readonly state: State }[] = [];
  let left = operations.filter(({ returnedAt }) => returnedAt !== undefined).length;
  let done = 0n;
  let state = initial;
  let node = head.after;
  while (left > 0) {
    if (node === undefined) throw new TypeError('a return is missing in the list');
    if (node.isCall) {
      const next = step(state, (operations[node.operation] as Operation<Entry>).entry);
      const after = done | (1n << BigInt(node.operation));
      const key = next === undefined ? '' : `${after.toString(36)} ${describe(next)}`;
      if (next === undefined || seen.has(key)) {
        node = node.after;
        continue;
      }
      seen.add(key);
      taken.push({ node, state });
      state = next;
      done = after;
      unlink(node);
      if (node.end !== undefined) left -= 1;
      node = head.after;
      continue;
    }
    // An operation has returned that does not fit anywhere before.
    const last = taken.pop();
    if (last === undefined) return false;
    state = last.state;
    done ^= 1n << BigInt(last.node.operation);
    link(last.node);
    if (last.node.end !== undefined) left += 1;
    node = last.node.after;
  }
  return true;
}

/** Returns the head of the list of calls and returns by time; of those at one time, calls come first. */
function listOf(operations: readonly Operation<unknown>[]): Node {
  const nodes: { readonly at: bigint; readonly node: Node }[] = [];
  for (const [operation, { calledAt, returnedAt }] of operations.entries()) {
    const ends = { before: undefined, after: undefined };
    const end = returnedAt === undefined ? undefined : { operation, end: undefined, isCall: false, ...ends };
    nodes.push({ at: calledAt, node: { operation, end, isCall: true, ...ends } });
    if (end !== undefined) nodes.push({ at: returnedAt as bigint, node: end });
  }
  nodes.sort((left, right) =>
    left.at === right.at ? Number(right.node.isCall) - Number(left.node.isCall) : left.at < right.at ? -1 : 1,
  );
  const head: Node = { operation: -1, end: undefined, isCall: false, before: undefined, after: undefined };
  let last = head;
  for (const { node } of nodes) {
    last.after = node;
    node.before = last;
    last = node;
  }
  return head;
}

/** Takes a call and its return out of the list; {@link link} puts what was taken out last back. */
function unlink(call: Node): void {
  for (const node of [call, call.end]) {
    if (node === undefined) continue;
    if (node.before !== undefined) node.before.after = node.after;
    if (node.after !== undefined) node.after.before = node.before;
  }
}

function link(call: Node): void {
  for (const node of [call.end, call]) {
    if (node === undefined) continue;
    if (node.before !== undefined) node.before.after = node;
    if (node.after !== undefined) node.after.before = node;
  }
}
