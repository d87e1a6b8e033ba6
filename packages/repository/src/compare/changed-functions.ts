import { type DagId, type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { scriptOf } from '../explain/call-side.ts';
import { type FunctionChanges, functionChanges } from '../explain/function-changes.ts';
import { type FunctionSources, sourcesOfExec } from '../explain/function-sources.ts';
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

/** A function and a call of it. */
type CalledFunction = FunctionUse & { readonly nodeId: NodeId };

/** A function whose code differs between two dags; nothing `before` where it is new, nothing `after` where it is gone. */
export interface ChangedFunction {
  readonly name: string;
  readonly before: readonly FunctionUse[];
  readonly after: readonly FunctionUse[];
  /** Differences of its sources; undefined where there is not one function on each side, or its sources were not kept. */
  readonly changes: FunctionChanges | undefined;
}

/**
 * Lists the functions that only one of two dags calls, by their names. O(nodes of both).
 *
 * @spec DML-REP-0373
 */
export function changedFunctions(reader: RecordReader, left: DagRun, right: DagRun): ChangedFunction[] {
  if (left.dagId === right.dagId) return [];
  const [before, after] = [usesIn(reader, left), usesIn(reader, right)];
  const only = (uses: Uses, others: Uses): CalledFunction[] =>
    [...uses.values()].filter(({ uri }) => !others.has(uri));
  const [gone, added] = [only(before, after), only(after, before)];
  const names = [...new Set([...gone, ...added].map(({ uri }) => functionName(uri)))].sort();
  const named = (uses: readonly CalledFunction[], name: string): CalledFunction[] =>
    uses.filter(({ uri }) => functionName(uri) === name);
  return names.map((name) => {
    const [before, after] = [named(gone, name), named(added, name)];
    return {
      name,
      before: before.map(useOf),
      after: after.map(useOf),
      changes: changesOf(reader, before, after),
    };
  });
}

function useOf({ uri, execId }: CalledFunction): FunctionUse {
  return { uri, execId };
}

/** Compares the sources of a function that each side has one version of. @spec DML-REP-3702 */
function changesOf(
  reader: RecordReader,
  before: readonly CalledFunction[],
  after: readonly CalledFunction[],
): FunctionChanges | undefined {
  const [old, now] = [before, after].map(([only, ...others]) => (others.length > 0 ? undefined : only));
  if (old === undefined || now === undefined) return undefined;
  return functionChanges(sourcesOf(reader, old), sourcesOf(reader, now));
}

function sourcesOf(reader: RecordReader, { execId, nodeId }: CalledFunction): FunctionSources | undefined {
  return ifReadable(() => sourcesOfExec(reader, execId)) ?? scriptOf(reader, nodeId);
}

/** Functions by their URIs. */
type Uses = ReadonlyMap<string, CalledFunction>;

function usesIn(reader: RecordReader, { dagId, commit }: DagRun): Uses {
  const scope = treeScope(commit.pins, reader);
  const uses = new Map<string, CalledFunction>();
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
    if (uri.kind === 'uri') uses.set(uri.value, { uri: uri.value, execId: scope.getPin(nodeId), nodeId });
  }
  return uses;
}

function startsOf(reader: RecordReader, dagId: DagId): NodeId[] {
  const { rootNodeId, names } = reader.read('dag', dagId);
  return [rootNodeId, ...Array.from(treeEntries('names', names, reader), ([, nodeId]) => nodeId)];
}
