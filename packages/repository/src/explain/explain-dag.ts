import { type CommitId, type DagId, type NodeId, treeDiff } from '@daggerml/object-model';
import { commitThatMade } from '../views/commit-changes.ts';
import { callsOf } from '../views/dag-view.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { ancestorWithDag, dagNamed } from './earlier-commit.ts';
import { type CallExplanation, explainCall } from './explain-call.ts';

/** The calls of a dag that got their outcomes with the commit that made it. */
export interface DagExplanation {
  readonly dagName: string;
  /** The oldest commit from which on the branch has the dag as it is. */
  readonly madeIn: CommitId;
  /** Calls with another outcome than before, in the order of the dag; no more than asked for. */
  readonly calls: readonly CallExplanation[];
  /** Number of all of them. */
  readonly changed: number;
  /** Number of the calls whose outcomes stayed. */
  readonly kept: number;
}

/**
 * Explains the calls of a dag that the commit which made it brought, at most `limit` of them. O(commits since then +
 * nodes of the dag).
 *
 * @spec DML-REP-0302
 */
export function explainDag(
  reader: RecordReader,
  {
    commitId,
    dagName,
    limit,
  }: { readonly commitId: CommitId; readonly dagName: string; readonly limit: number },
): DagExplanation {
  const madeIn = commitThatMade(reader, commitId, dagName);
  const made = { commitId: madeIn, commit: reader.read('commit', madeIn) };
  const before = ancestorWithDag(reader, made, dagName)?.commit.pins ?? [];
  const otherPins = new Set<NodeId>();
  for (const { after } of treeDiff('pins', before, made.commit.pins, reader))
    if (after !== undefined) otherPins.add(after[0]);
  const dagId = dagNamed(reader, made.commit, dagName) as DagId;
  const calls = callsOf(reader, dagId);
  const changed = calls.filter((nodeId) => otherPins.has(nodeId));
  return {
    dagName,
    madeIn,
    calls: changed
      .slice(0, limit)
      .map((nodeId) => explainCall(reader, { nodeId, commitId: madeIn, dagName })),
    changed: changed.length,
    kept: calls.length - changed.length,
  };
}
