import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type ExecId,
  isDmlError,
  type NodeId,
  type TreeRoot,
  treeGet,
} from '@daggerml/object-model';
import type { ExplainSource } from './call-side.ts';

/** Commits that are gone through at most. */
const MAX_COMMITS = 100_000;

/** A commit of a history. */
export interface HistoryCommit {
  readonly commitId: CommitId;
  readonly commit: CommitRecord;
}

/** Iterates a commit and its first parents, up to one that was excised or is not here. */
export function* firstParents(
  source: ExplainSource,
  commitId: CommitId | undefined,
): Generator<HistoryCommit> {
  let next = commitId;
  for (let count = 0; count < MAX_COMMITS && next !== undefined; count += 1) {
    const commit = commitUnlessGone(source, next);
    if (commit === undefined) return;
    yield { commitId: next, commit };
    [next] = commit.parentCommitIds;
  }
}

/** Reads a commit; undefined for one that was excised or is not here. */
export function commitUnlessGone(source: ExplainSource, commitId: CommitId): CommitRecord | undefined {
  try {
    return source.read('commit', commitId);
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}

/** Looks pins of one node up in many commits; pins that several commits share are read once. */
export class PinReader {
  readonly #source: ExplainSource;
  readonly #nodeId: NodeId;
  #root: TreeRoot<'pins'> | undefined;
  #execId: ExecId | undefined;

  constructor(source: ExplainSource, nodeId: NodeId) {
    this.#source = source;
    this.#nodeId = nodeId;
  }

  in({ pins }: CommitRecord): ExecId | undefined {
    if (pins !== this.#root) {
      this.#root = pins;
      this.#execId = treeGet('pins', pins, this.#nodeId, this.#source)?.[1];
    }
    return this.#execId;
  }
}

/**
 * Returns the oldest commit from which on every first descendant pins a node to this exec, and the number of commits
 * since then. O(commits since then).
 */
export function commitThatPinned(
  source: ExplainSource,
  from: HistoryCommit,
  nodeId: NodeId,
): { readonly made: HistoryCommit; readonly steps: number } {
  const pins = new PinReader(source, nodeId);
  const execId = pins.in(from.commit);
  let made = from;
  let steps = -1;
  for (const each of firstParents(source, from.commitId)) {
    if (pins.in(each.commit) !== execId) break;
    made = each;
    steps += 1;
  }
  return { made, steps };
}

/** Returns the closest ancestor of a commit that has a dag under a name. */
export function ancestorWithDag(
  source: ExplainSource,
  { commit }: HistoryCommit,
  dagName: string,
): (HistoryCommit & { readonly dagId: DagId }) | undefined {
  for (const each of firstParents(source, commit.parentCommitIds[0])) {
    const dagId = dagNamed(source, each.commit, dagName);
    if (dagId !== undefined) return { ...each, dagId };
  }
  return undefined;
}

/** Returns the dag that a commit has under a name. */
export function dagNamed(source: ExplainSource, { treeId }: CommitRecord, name: string): DagId | undefined {
  return treeGet('dags', source.read('tree', treeId).dags, name, source)?.[1];
}
