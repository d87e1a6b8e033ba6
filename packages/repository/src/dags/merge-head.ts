import { type CommitId, type DagId, type ExecId, type NodeId, nfcText } from '@daggerml/object-model';
import {
  ifReadable,
  type MergeConflict,
  type MergeResult,
  mergeIntoRef,
  ownCommitFacts,
  type Store,
} from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { findCommit } from '../names/find-object.ts';
import { findHead } from '../names/find-ref.ts';
import { branchOf } from '../names/ref-text.ts';
import { unknownName } from '../names/unknown-name.ts';
import { readFailure } from '../nodes/error-dag.ts';
import { execValue } from '../nodes/stored-value.ts';
import { callText } from '../views/call-text.ts';
import { dagsOf } from '../views/commit-view.ts';
import { RecordReader } from '../workspace/record-reader.ts';
import { fastForwardHead, type HeadMove, type MovedHead } from './move-head.ts';

/** The branch that a merge goes into, or the commit that it takes. */
export type MergeSide = 'ours' | 'theirs';

/** A merge of a commit into a branch. */
export interface HeadMerge extends HeadMove {
  readonly nowMs: () => number;
  readonly message: string;
  /** Refuses histories that have diverged. */
  readonly isForwardOnly?: boolean | undefined;
  /** Sides to take by name of the dag, with the outcomes of calls that only such dags need. */
  readonly taken?: ReadonlyMap<string, MergeSide> | undefined;
  /** Side to take of all other conflicts; without it they stay open. */
  readonly side?: MergeSide | undefined;
}

/** Something that both sides of a merge changed differently. */
export type HeadConflict =
  | {
      readonly kind: 'dag';
      readonly dag: string;
      readonly oursDagId: DagId | null;
      readonly theirsDagId: DagId | null;
    }
  | {
      readonly kind: 'call';
      /** The call as its author would write it. */
      readonly call: string;
      readonly nodeId: NodeId;
      /** Names of the dags of either side that have the call. */
      readonly dags: readonly string[];
      readonly oursExecId: ExecId | null;
      readonly theirsExecId: ExecId | null;
    };

/** A branch after a merge. */
export interface MergedHead extends Omit<MovedHead, 'from'> {
  readonly state: 'merged';
  /** Null for a branch that had no commit. */
  readonly from: CommitId | null;
  /** True when the branch is at a commit with both sides as its parents. */
  readonly isMerge: boolean;
  readonly settled: readonly { readonly conflict: HeadConflict; readonly side: MergeSide }[];
}

/** Conflicts that nobody settled; nothing was changed. */
export interface UnmergedHead {
  readonly state: 'conflicts';
  readonly head: string;
  readonly conflicts: readonly HeadConflict[];
}

/**
 * Merges a commit into a branch: by moving it where it has no commits of its own, else by a commit with both as parents.
 * The current branch without a commit takes the commit. Conflicts that nothing settles are returned.
 *
 * Throws `not_fast_forward` where only a move is wanted, `unknown_name` for a dag to take that no side has, and as
 * `findHead` and `findCommit`.
 */
export function mergeIntoHead(request: HeadMerge): MergedHead | UnmergedHead {
  const { store, head } = request;
  const reader = new RecordReader(store);
  refuseUnknownDags(request, reader);
  for (;;) {
    const merged = isEmptyHead(store, head)
      ? begin(request, reader)
      : request.isForwardOnly === true
        ? ({ ...fastForwardHead(request), state: 'merged', isMerge: false, settled: [] } as const)
        : merge(request, reader);
    if (merged !== 'lost') return merged;
  }
}

/** Refuses a dag to take that neither side has. */
function refuseUnknownDags({ store, head, source, taken }: HeadMerge, reader: RecordReader): void {
  if (taken === undefined || taken.size === 0) return;
  const sides = [
    findCommit(reader, source),
    ...(isEmptyHead(store, head) ? [] : [findHead(reader, head).commitId]),
  ];
  const known = new Set(
    sides.flatMap((commitId) => dagsOf(reader, reader.read('commit', commitId)).map(({ name }) => name)),
  );
  // @spec DML-CLI-3846
  const unknown = [...taken.keys()].find((name) => !known.has(name));
  if (unknown !== undefined)
    throw unknownName({ name: unknown, word: unknown, detail: 'dag', inside: source, known: [...known] });
}

/** Checks whether a text names the current branch and that has no commit. */
function isEmptyHead(store: Store, text: string): boolean {
  const head = store.head();
  return ['HEAD', head, branchOf(head)].includes(nfcText(text)) && store.getRef(head) === undefined;
}

/** Makes a commit the first one of a branch. */
function begin({ store, source, actor, reason }: HeadMerge, reader: RecordReader): MergedHead | 'lost' {
  const ref = store.head();
  const next = findCommit(reader, source);
  // @spec DML-CLI-2011
  if (!store.updateRef({ ref, expected: null, next, actor, reason }).applied) return 'lost';
  const at = { head: branchOf(ref), from: null, commitId: next, sourceId: next };
  return { ...at, state: 'merged', moved: true, isMerge: false, settled: [] };
}

function merge(request: HeadMerge, reader: RecordReader): MergedHead | UnmergedHead | 'lost' {
  const { store, head, source, actor, reason, message, nowMs } = request;
  const { name: ref, commitId: from } = findHead(reader, head);
  const sourceId = findCommit(reader, source);
  const settled: { conflict: MergeConflict; side: MergeSide }[] = [];
  const settle = (conflict: MergeConflict): MergeSide | undefined => {
    const equal = equalOutcome(reader, conflict);
    if (equal !== undefined) return equal;
    const side = sideOf(request, conflict);
    if (side !== undefined) settled.push({ conflict, side });
    return side;
  };
  const facts = ownCommitFacts(actor, nowMs(), message);
  // @spec DML-CLI-2000
  const result: MergeResult = mergeIntoRef(store, { ref, actor, reason }, sourceId, { ...facts, settle });
  if (result.state === 'lost') return 'lost';
  // @spec DML-CLI-2003
  if (result.state === 'conflicts')
    return {
      state: 'conflicts',
      head: branchOf(ref),
      conflicts: result.conflicts.map((conflict) => headConflict(reader, conflict)),
    };
  const { commitId } = result;
  return {
    state: 'merged',
    head: branchOf(ref),
    from,
    commitId,
    sourceId,
    moved: result.state === 'applied',
    isMerge: commitId !== from && commitId !== sourceId,
    settled: settled.map(({ conflict, side }) => ({ conflict: headConflict(reader, conflict), side })),
  };
}

/** Returns the side that a request takes of a conflict. */
function sideOf({ taken, side }: HeadMerge, conflict: MergeConflict): MergeSide | undefined {
  if (conflict.kind === 'dag') return taken?.get(conflict.name) ?? side;
  const sides = new Set(conflict.dagNames.map((name) => taken?.get(name)));
  const [only] = sides;
  // @spec DML-CLI-2006
  return (sides.size === 1 ? only : undefined) ?? side;
}

/**
 * Returns the side whose outcome of a call is kept although the other has another one: nobody needs the other, or both
 * came to the same, as where two people ran the same pipeline.
 */
function equalOutcome(reader: RecordReader, conflict: MergeConflict): MergeSide | undefined {
  if (conflict.kind === 'dag') return undefined;
  const { ours, theirs } = conflict;
  if (ours === undefined) return 'theirs';
  if (theirs === undefined) return 'ours';
  const [left, right] = [resultOf(reader, ours), resultOf(reader, theirs)];
  if (left === undefined || right === undefined || left.text !== right.text) return undefined;
  // The same one whoever merges whom.
  if (left.finishedMs !== right.finishedMs) return left.finishedMs < right.finishedMs ? 'ours' : 'theirs';
  return ours < theirs ? 'ours' : 'theirs';
}

/** Returns what an exec came to; undefined where that cannot be read. @spec DML-CLI-2008 */
function resultOf(
  reader: RecordReader,
  execId: ExecId,
): { readonly text: string; readonly finishedMs: number } | undefined {
  return ifReadable(() => {
    const exec = reader.read('exec', execId);
    const { code, message } = exec.status === 'error' ? readFailure(exec, reader) : { code: '', message: '' };
    const text = exec.status === 'ok' ? execValue(exec, reader) : JSON.stringify([code, message]);
    const finishedMs = exec.nodeKind === 'call' ? exec.finishedMs : null;
    return { text, finishedMs: finishedMs ?? 0 };
  });
}

/** Returns a conflict with the words that a person knows it by. */
function headConflict(reader: RecordReader, conflict: MergeConflict): HeadConflict {
  if (conflict.kind === 'dag') {
    const { kind, name: dag, ours = null, theirs = null } = conflict;
    return { kind, dag, oursDagId: ours, theirsDagId: theirs };
  }
  const { nodeId, dagNames: dags, ours = null, theirs = null } = conflict;
  const call = callText(reader, nodeId, { nameOf: () => undefined }).text;
  return { kind: 'call', call, nodeId, dags, oursExecId: ours, theirsExecId: theirs };
}

/** Returns the error of a merge that conflicts keep from happening. */
export function unmergedError(
  { head, conflicts }: UnmergedHead,
  { source }: Pick<HeadMerge, 'source'>,
): Error {
  const of = (conflict: HeadConflict): string =>
    conflict.kind === 'dag' ? `"${conflict.dag}"` : `the outcome of ${conflict.call}`;
  const names = conflicts.flatMap((conflict) => (conflict.kind === 'dag' ? [conflict.dag] : conflict.dags));
  return repositoryError('merge_conflict', {
    target: head,
    source,
    dags: conflicts.map(of),
    names: [...new Set(names)],
  });
}
