import {
  type CommitId,
  type CommitRecord,
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
import { readFirstParents } from '../workspace/first-parents.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { METRIC_PREFIX, PARAMETER_PREFIX } from './recorded-names.ts';
import { cellOf, type ValueCell } from './value-cell.ts';

/** A dag as a commit has it. */
export interface DagRun {
  readonly commitId: CommitId;
  readonly commit: CommitRecord;
  readonly dagName: string;
  readonly dagId: DagId;
}

/** Returns the dag that a commit has under a name; undefined where it has none. Throws for an excised commit. */
export function dagRun(reader: RecordReader, commitId: CommitId, dagName: string): DagRun | undefined {
  const commit = reader.read('commit', commitId);
  const dagId = treeGet('dags', reader.read('tree', commit.treeId).dags, dagName, reader)?.[1];
  return dagId && { commitId, commit, dagName, dagId };
}

/**
 * Yields the commits along first parents that changed a dag, newest first: its names, or the outcome of its root or of
 * a metric. A history ends where a commit was excised. Holds two commits at a time.
 *
 * @spec DML-REP-0360
 */
export function* runsOfDag(reader: RecordReader, from: CommitId, dagName: string): Generator<DagRun> {
  let later: DagRun | undefined;
  for (const [commitId] of readFirstParents(reader, from)) {
    const run = dagRun(reader, commitId, dagName);
    if (later !== undefined && (run === undefined || !isSameRun(reader, run, later))) yield later;
    later = run;
  }
  if (later !== undefined) yield later;
}

function isSameRun(reader: RecordReader, left: DagRun, right: DagRun): boolean {
  if (left.dagId !== right.dagId) return false;
  const [before, after] = [left.commit.pins, right.commit.pins];
  if (before === after) return true;
  const { rootNodeId, names } = reader.read('dag', left.dagId);
  const pinOf = (pins: TreeRoot<'pins'>, nodeId: NodeId): unknown =>
    treeGet('pins', pins, nodeId, reader)?.[1];
  const metrics = Array.from(namesUnder(reader, names, METRIC_PREFIX), ([, nodeId]) => nodeId);
  return [rootNodeId, ...metrics].every((nodeId) => pinOf(before, nodeId) === pinOf(after, nodeId));
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
