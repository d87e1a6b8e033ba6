import {
  type CommitId,
  type DagId,
  type ExecId,
  type NodeId,
  type TreeRoot,
  treeGet,
} from '@daggerml/object-model';
import { isSameComputation } from '../nodes/input-values.ts';
import { treeScope } from '../nodes/pin-scope.ts';
import { execValue } from '../nodes/stored-value.ts';
import { readUnlessGone } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { nodesOf } from './dag-view.ts';

/** Commits that are gone through before the oldest one seen is taken. */
const MAX_COMMITS = 10_000;

/**
 * Returns the commit that made the dag that a commit has under a name: the last one, going back, that still has it with
 * this outcome, at a merge along the first parent of those that have. O(commits since then).
 *
 * @spec DML-REP-0934
 */
export function commitThatMade(reader: RecordReader, commitId: CommitId, name: string): CommitId {
  const last = standingAt(reader, commitId, name);
  if (last === undefined) return commitId;
  const { dagId } = last;
  const rootNodeId = dagId && reader.read('dag', dagId).rootNodeId;
  const outcomeIn = ({ pins }: DagStanding): ExecId | undefined =>
    rootNodeId && treeGet('pins', pins, rootNodeId, reader)?.[1];
  const outcome = outcomeIn(last);
  let made = commitId;
  let standing = last;
  for (let count = 0; count < MAX_COMMITS; count += 1) {
    const same = parentWithSame(standing.parentCommitIds);
    if (same === undefined) break;
    [made, standing] = same;
  }
  return made;

  function parentWithSame(parentCommitIds: readonly CommitId[]): [CommitId, DagStanding] | undefined {
    for (const parentCommitId of parentCommitIds) {
      const parent = standingAt(reader, parentCommitId, name);
      if (parent !== undefined && parent.dagId === dagId && outcomeIn(parent) === outcome)
        return [parentCommitId, parent];
    }
    return undefined;
  }
}

/** The dag that a commit has under a name, its pins, and its parents. */
interface DagStanding {
  readonly parentCommitIds: readonly CommitId[];
  readonly dagId: DagId | undefined;
  readonly pins: TreeRoot<'pins'>;
}

/** Reads how a dag stands in a commit; undefined where history ends because a commit was excised. */
function standingAt(reader: RecordReader, commitId: CommitId, name: string): DagStanding | undefined {
  const commit = readUnlessGone(reader, commitId);
  if (commit === undefined) return undefined;
  const dagId = treeGet('dags', reader.read('tree', commit.treeId).dags, name, reader)?.[1];
  return { parentCommitIds: commit.parentCommitIds, dagId, pins: commit.pins };
}

/**
 * Lists the calls of a dag that have other values in a commit than in its first parent, though function and input
 * values are the same. O(nodes of the dag).
 */
export function differingCalls(reader: RecordReader, commitId: CommitId, dagId: DagId): NodeId[] {
  const commit = reader.read('commit', commitId);
  const [parentCommitId] = commit.parentCommitIds;
  if (parentCommitId === undefined) return [];
  const parent = readUnlessGone(reader, parentCommitId);
  if (parent === undefined) return [];
  const before = treeScope(parent.pins, reader);
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
