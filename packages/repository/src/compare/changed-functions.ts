import { type DagId, type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import { treeScope } from '../nodes/pin-scope.ts';
import { functionName } from '../views/call-text.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import type { DagRun } from './dag-runs.ts';

/** A function as one dag calls it. */
export interface FunctionUse {
  readonly uri: string;
  /** Outcome of a call of it, whose receipt knows the sources; undefined where it has none. */
  readonly execId: ExecId | undefined;
}

/** A function whose code differs between two dags; nothing `before` where it is new, nothing `after` where it is gone. */
export interface ChangedFunction {
  readonly name: string;
  readonly before: readonly FunctionUse[];
  readonly after: readonly FunctionUse[];
}

/**
 * Lists the functions that only one of two dags calls, by their names. O(nodes of both).
 *
 * @spec DML-REP-0373
 */
export function changedFunctions(reader: RecordReader, left: DagRun, right: DagRun): ChangedFunction[] {
  if (left.dagId === right.dagId) return [];
  const [before, after] = [usesIn(reader, left), usesIn(reader, right)];
  const only = (uses: Uses, others: Uses): FunctionUse[] =>
    [...uses.values()].filter(({ uri }) => !others.has(uri));
  const [gone, added] = [only(before, after), only(after, before)];
  const names = [...new Set([...gone, ...added].map(({ uri }) => functionName(uri)))].sort();
  const named = (uses: readonly FunctionUse[], name: string): FunctionUse[] =>
    uses.filter(({ uri }) => functionName(uri) === name);
  return names.map((name) => ({ name, before: named(gone, name), after: named(added, name) }));
}

/** Functions by their URIs. */
type Uses = ReadonlyMap<string, FunctionUse>;

function usesIn(reader: RecordReader, { dagId, commit }: DagRun): Uses {
  const scope = treeScope(commit.pins, reader);
  const uses = new Map<string, FunctionUse>();
  const seen = new Set<NodeId>();
  const functions = new Set<string>();
  const open = startsOf(reader, dagId);
  for (let nodeId = open.pop(); nodeId !== undefined; nodeId = open.pop()) {
    if (seen.has(nodeId)) continue;
    seen.add(nodeId);
    const node = reader.read('node', nodeId);
    if (!('inputs' in node)) continue;
    for (const input of treeEntries('inputs', node.inputs, reader)) if (!seen.has(input)) open.push(input);
    if (node.kind !== 'call' || functions.has(node.functionDatumId)) continue;
    functions.add(node.functionDatumId);
    const uri = reader.read('datum', node.functionDatumId);
    if (uri.kind === 'uri') uses.set(uri.value, { uri: uri.value, execId: scope.getPin(nodeId) });
  }
  return uses;
}

function startsOf(reader: RecordReader, dagId: DagId): NodeId[] {
  const { rootNodeId, names } = reader.read('dag', dagId);
  return [rootNodeId, ...Array.from(treeEntries('names', names, reader), ([, nodeId]) => nodeId)];
}
