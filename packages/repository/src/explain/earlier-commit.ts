import {
  type CommitId,
  type CommitRecord,
  type DagId,
  decodeRecord,
  type ExecId,
  type NodeId,
  scanLinks,
  type TreeRoot,
  treeGet,
} from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import type { ExplainSource } from './call-side.ts';

const ID_BYTES = 32;
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
  return ifReadable(() => source.read('commit', commitId));
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
 * since then. O(commits since then), few of which are decoded.
 */
export function commitThatPinned(
  source: ExplainSource,
  from: HistoryCommit,
  nodeId: NodeId,
): { readonly made: HistoryCommit; readonly steps: number } {
  const pins = new PinReader(source, nodeId);
  const execId = pins.in(from.commit);
  if (execId === undefined) return { made: from, steps: 0 };
  const idBytes = Buffer.from(execId, 'hex');
  let made = { commitId: from.commitId, bytes: bytesUnlessGone(source, from.commitId) };
  let steps = 0;
  for (let count = 0; count < MAX_COMMITS; count += 1) {
    const commitId = made.bytes && firstParentIn(made.bytes);
    const bytes = commitId && bytesUnlessGone(source, commitId);
    if (commitId === undefined || bytes === undefined) break;
    // An exec is pinned to its own node, so few pins, which the commit itself holds, need not be decoded.
    const isPinned =
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(idBytes) ||
      ifReadable(() => pins.in(decodeRecord(bytes, 'commit'))) === execId;
    if (!isPinned) break;
    made = { commitId, bytes };
    steps += 1;
  }
  return { made: { commitId: made.commitId, commit: source.read('commit', made.commitId) }, steps };
}

function bytesUnlessGone(source: ExplainSource, commitId: CommitId): Uint8Array | undefined {
  return ifReadable(() => source.getBytes('commit', commitId));
}

/** Returns the first parent of a commit without decoding it. */
function firstParentIn(bytes: Uint8Array): CommitId | undefined {
  let found: CommitId | undefined;
  ifReadable(() =>
    scanLinks(bytes, (objectClass, at) => {
      if (objectClass === 'commit')
        found ??= Buffer.from(bytes.subarray(at, at + ID_BYTES)).toString('hex') as CommitId;
    }),
  );
  return found;
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
