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
import { type HistoryCommit, type HistoryLines, walkHistory } from '../workspace/history.ts';
import type { ExplainSource } from './call-side.ts';

const ID_BYTES = 32;
/** Commits that are gone through at most. */
const MAX_COMMITS = 100_000;

/** Iterates the history of commits, without those that were excised or are not here. */
export function* historyOf(
  source: ExplainSource,
  tips: readonly CommitId[],
  lines: HistoryLines = 'all',
): Generator<HistoryCommit, void, undefined> {
  let left = MAX_COMMITS;
  for (const { commitId, commit } of walkHistory((id) => commitUnlessGone(source, id), tips, lines)) {
    if (commit !== undefined) yield { commitId, commit };
    left -= 1;
    if (left === 0) return;
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
 * Returns the last commit, going back, that still pins a node to the exec, at a merge along the first parent of those
 * that do, and the number of commits since then. O(commits since then), few of which are decoded.
 *
 * @spec DML-REP-0935
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
  for (let count = 0; count < MAX_COMMITS && made.bytes !== undefined; count += 1) {
    const before = parentsIn(made.bytes)
      .map((commitId) => ({ commitId, bytes: bytesUnlessGone(source, commitId) }))
      .find(({ bytes }) => bytes !== undefined && isPinnedIn(bytes));
    if (before === undefined) break;
    made = before;
    steps += 1;
  }
  return { made: { commitId: made.commitId, commit: source.read('commit', made.commitId) }, steps };

  function isPinnedIn(bytes: Uint8Array): boolean {
    // An exec is pinned to its own node, so few pins, which the commit itself holds, need not be decoded.
    return (
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(idBytes) ||
      ifReadable(() => pins.in(decodeRecord(bytes, 'commit'))) === execId
    );
  }
}

function bytesUnlessGone(source: ExplainSource, commitId: CommitId): Uint8Array | undefined {
  return ifReadable(() => source.getBytes('commit', commitId));
}

/** Lists the parents of a commit without decoding it. */
function parentsIn(bytes: Uint8Array): CommitId[] {
  const parents: CommitId[] = [];
  ifReadable(() =>
    scanLinks(bytes, (objectClass, at) => {
      if (objectClass === 'commit')
        parents.push(Buffer.from(bytes.subarray(at, at + ID_BYTES)).toString('hex') as CommitId);
    }),
  );
  return parents;
}

/**
 * Returns the closest ancestor of a commit that has a dag under a name, along first parents: a merge has the dags of
 * every side.
 */
export function ancestorWithDag(
  source: ExplainSource,
  { commit }: HistoryCommit,
  dagName: string,
): (HistoryCommit & { readonly dagId: DagId }) | undefined {
  for (const each of historyOf(source, commit.parentCommitIds.slice(0, 1), 'first-parent')) {
    const dagId = dagNamed(source, each.commit, dagName);
    if (dagId !== undefined) return { ...each, dagId };
  }
  return undefined;
}

/** Returns the dag that a commit has under a name. */
export function dagNamed(source: ExplainSource, { treeId }: CommitRecord, name: string): DagId | undefined {
  return treeGet('dags', source.read('tree', treeId).dags, name, source)?.[1];
}
