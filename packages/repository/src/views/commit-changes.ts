import {
  type CommitId,
  type DagId,
  type ExecId,
  isDmlError,
  type NodeId,
  treeGet,
} from '@daggerml/object-model';
import { isSameComputation } from '../nodes/input-values.ts';
import { treeScope } from '../nodes/pin-scope.ts';
import { execValue } from '../nodes/stored-value.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { nodesOf } from './dag-view.ts';

/** Commits that are gone through before the oldest one seen is taken. */
const MAX_COMMITS = 10_000;

/**
 * Returns the commit that gave a branch the dag that it has under a name: the oldest one from which on every first
 * descendant has it with this outcome. O(commits since then).
 *
 * @spec DML-REP-0102
 */
export function commitThatMade(reader: RecordReader, commitId: CommitId, name: string): CommitId {
  const dagId = dagIn(reader, commitId, name);
  const rootNodeId = dagId && reader.read('dag', dagId).rootNodeId;
  const pinIn = (id: CommitId): ExecId | undefined =>
    rootNodeId && treeGet('pins', reader.read('commit', id).pins, rootNodeId, reader)?.[1];
  const pinned = pinIn(commitId);
  let made = commitId;
  for (let count = 0; count < MAX_COMMITS; count += 1) {
    const [parentCommitId] = reader.read('commit', made).parentCommitIds;
    if (parentCommitId === undefined || dagIn(reader, parentCommitId, name) !== dagId) break;
    if (pinIn(parentCommitId) !== pinned) break;
    made = parentCommitId;
  }
  return made;
}

/** Returns the dag of a name; undefined also where history ends because a commit was excised. */
function dagIn(reader: RecordReader, commitId: CommitId, name: string): DagId | undefined {
  try {
    const { treeId } = reader.read('commit', commitId);
    return treeGet('dags', reader.read('tree', treeId).dags, name, reader)?.[1];
  } catch (error) {
    if (isDmlError(error) && error.detail === 'excised') return undefined;
    throw error;
  }
}

/**
 * Lists the calls of a dag that have other values in a commit than in its first parent, though function and input
 * values are the same. O(nodes of the dag).
 */
export function differingCalls(reader: RecordReader, commitId: CommitId, dagId: DagId): NodeId[] {
  const commit = reader.read('commit', commitId);
  const [parentCommitId] = commit.parentCommitIds;
  if (parentCommitId === undefined) return [];
  const before = treeScope(reader.read('commit', parentCommitId).pins, reader);
  const nodes = nodesOf(reader, dagId, treeScope(commit.pins, reader));
  return nodes.flatMap(({ nodeId, kind, outcome }) => {
    const oldExecId = before.getPin(nodeId);
    if (kind !== 'call' || outcome === undefined || oldExecId === undefined) return [];
    const [left, right] = [reader.read('exec', oldExecId), reader.read('exec', outcome.execId)];
    // @spec DML-REP-0103
    const isComparable = left.status === 'ok' && right.status === 'ok' && isSameComputation(left, right);
    return isComparable && execValue(left, reader) !== execValue(right, reader) ? [nodeId] : [];
  });
}
