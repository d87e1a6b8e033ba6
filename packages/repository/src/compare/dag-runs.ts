import {
  type CommitId,
  type DagId,
  type DatumId,
  isDmlError,
  type NodeId,
  type TreeRoot,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { findObject } from '../names/find-object.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { storedValue } from '../nodes/stored-value.ts';
import { objectValue } from '../views/object-value.ts';
import { type HistoryCommit, readHistory } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { METRIC_PREFIX, PARAMETER_PREFIX } from './recorded-names.ts';
import { cellOf, type ValueCell } from './value-cell.ts';

/** A dag as a commit has it. */
export interface DagRun extends HistoryCommit {
  readonly dagName: string;
  readonly dagId: DagId;
}

/** Returns the dag that a commit has under a name; undefined where it has none. Throws for an excised commit. */
export function dagRun(reader: RecordReader, commitId: CommitId, dagName: string): DagRun | undefined {
  return runIn(reader, { commitId, commit: reader.read('commit', commitId) }, dagName);
}

function runIn(reader: RecordReader, at: HistoryCommit, dagName: string): DagRun | undefined {
  const dagId = treeGet('dags', reader.read('tree', at.commit.treeId).dags, dagName, reader)?.[1];
  return dagId && { ...at, dagName, dagId };
}

/**
 * Yields the commits of a history that changed a dag, newest first: its names, or the outcome of its root or of a
 * metric. A merge that takes the dag of a side is none. Holds the commits that are read ahead, and their parents.
 */
export function* runsOfDag(reader: RecordReader, from: CommitId, dagName: string): Generator<DagRun> {
  /** Runs of parents of the commits so far. */
  const known = new Map<CommitId, DagRun | undefined>();
  const runOf = (at: HistoryCommit): DagRun | undefined =>
    known.has(at.commitId) ? known.get(at.commitId) : runIn(reader, at, dagName);
  for (const { commitId, commit, parents } of readHistory(reader, from)) {
    const run = runOf({ commitId, commit });
    known.delete(commitId);
    if (run === undefined) continue;
    const before = parents.flatMap((each) => {
      const parent = runOf(each);
      known.set(each.commitId, parent);
      return parent ?? [];
    });
    // @spec DML-REP-0933
    if (isChanged(reader, run, before)) yield run;
  }
}

/** Checks whether a run is another one than each of those before it. */
function isChanged(reader: RecordReader, run: DagRun, before: readonly DagRun[]): boolean {
  const pinsBefore = before.flatMap(({ dagId, commit }) => (dagId === run.dagId ? [commit.pins] : []));
  if (pinsBefore.length === 0) return true;
  const { pins } = run.commit;
  if (pinsBefore.includes(pins)) return false;
  const { rootNodeId, names } = reader.read('dag', run.dagId);
  const pinOf = (root: TreeRoot<'pins'>, nodeId: NodeId): unknown =>
    treeGet('pins', root, nodeId, reader)?.[1];
  const metrics = Array.from(namesUnder(reader, names, METRIC_PREFIX), ([, nodeId]) => nodeId);
  // A merge may have the outcome of each call from another side.
  return ![rootNodeId, ...metrics].every((nodeId) =>
    pinsBefore.some((root) => pinOf(root, nodeId) === pinOf(pins, nodeId)),
  );
}

/** Lists the names with a beginning. O(log n) and those names. */
function namesUnder(
  reader: RecordReader,
  names: TreeRoot<'names'>,
  prefix: string,
): Iterable<readonly [string, NodeId]> {
  const range = { fromKey: prefix, beforeKey: prefix.replace(/\.$/, '/') };
  return treeEntries('names', names, reader, range);
}

/**
 * Returns the parameters and metrics of a run by their names, in the order of these.
 *
 * @spec DML-REP-0361
 */
export function recordedValues(reader: RecordReader, run: DagRun): Map<string, ValueCell> {
  const { names } = reader.read('dag', run.dagId);
  const scope = treeScope(run.commit.pins, reader);
  const cells = new Map<string, ValueCell>();
  for (const prefix of [PARAMETER_PREFIX, METRIC_PREFIX])
    for (const [name, nodeId] of namesUnder(reader, names, prefix)) {
      const datumId = nodeValue(reader, nodeId, scope);
      if (datumId !== undefined) cells.set(name, cellOf(reader, reader.read('datum', datumId), datumId));
    }
  return cells;
}

/** Returns the value of a node; undefined where it has none. */
export function nodeValue(reader: RecordReader, nodeId: NodeId, scope: PinScope): DatumId | undefined {
  return unlessAbsent(() => storedValue(nodeId, scope, reader));
}

/** Returns the value of a node of a run, or of a member of one, by the name behind `#`; undefined where it has none. */
export function valueInRun(
  reader: RecordReader,
  { commitId, dagName }: DagRun,
  name: string,
): ValueCell | undefined {
  return unlessAbsent(() => {
    const text = `${commitId}:${dagName}#${name}`;
    const { datum, datumId } = objectValue(reader, text, findObject(reader, text));
    return cellOf(reader, datum, datumId);
  });
}

const ABSENT: readonly string[] = [
  'unknown_name',
  'not_executed',
  'call_failed',
  'object_missing',
  'no_value',
];

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error) && ABSENT.includes(error.code)) return undefined;
    throw error;
  }
}
