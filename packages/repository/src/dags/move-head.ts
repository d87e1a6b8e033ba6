import type { CommitId } from '@daggerml/object-model';
import {
  fastForward,
  type MergeConflict,
  type Move,
  type MoveResult,
  replayOntoRef,
  type Store,
  wholeMs,
} from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { findCommit } from '../names/find-object.ts';
import { findHead } from '../names/find-ref.ts';
import { branchOf } from '../names/ref-text.ts';
import { RecordReader } from '../workspace/record-reader.ts';

/** A branch to move, and the name of the commit that it takes. */
export interface HeadMove {
  readonly store: Store;
  readonly head: string;
  readonly source: string;
  readonly actor: string;
  readonly reason: string;
}

/** Result of moving a branch. */
export interface MovedHead {
  readonly head: string;
  /** The commit that the branch was at before. */
  readonly from: CommitId;
  readonly commitId: CommitId;
  /** The commit that the branch took. */
  readonly sourceId: CommitId;
  /** False when the branch has everything already. */
  readonly moved: boolean;
}

/**
 * Moves a branch to a commit that descends from it; a commit that it contains leaves it. Throws `not_fast_forward` for
 * any other commit, and as `findHead` and `findCommit`.
 */
export function fastForwardHead(request: HeadMove): MovedHead {
  return moveHead(request, (move, sourceId) => {
    const result = fastForward(request.store, move, sourceId);
    // @spec DML-BND-0311
    if (result.state === 'diverged')
      throw repositoryError('not_fast_forward', { target: branchOf(move.ref), source: request.source });
    // @spec DML-BND-0310
    return result;
  });
}

/**
 * Puts what a commit and those before it changed since the branch parted from them on top of the branch. Throws
 * `merge_conflict` for a dag that both sides changed, and as `findHead` and `findCommit`.
 */
export function rebaseOntoHead(request: HeadMove & { readonly nowMs: () => number }): MovedHead {
  const { store, source, actor, nowMs } = request;
  return moveHead(request, (move, sourceId) => {
    const committer = { committer: actor, committedMs: wholeMs(nowMs()) };
    // @spec DML-BND-0312
    const result = replayOntoRef(store, move, sourceId, { ...committer, settle: keepOutcome });
    if (result.state !== 'conflicts') return result;
    const { conflicts, commitId } = result;
    const names = [...new Set(conflicts.flatMap(dagsOf))];
    const dags = names.map((name) => `"${name}"`).join(', ');
    // @spec DML-BND-0313
    throw repositoryError('merge_conflict', { target: branchOf(move.ref), source, dags, names, commitId });
  });
}

/** Moves a branch; one that another process moves at the same time is read again. */
function moveHead(
  { store, head, source, actor, reason }: HeadMove,
  act: (move: Move, sourceId: CommitId) => MoveResult,
): MovedHead {
  const reader = new RecordReader(store);
  for (;;) {
    const { name: ref, commitId: from } = findHead(reader, head);
    const sourceId = findCommit(reader, source);
    const result = act({ ref, actor, reason }, sourceId);
    if (result.state === 'lost') continue;
    const { state, commitId } = result;
    return { head: branchOf(ref), from, commitId, sourceId, moved: state === 'applied' };
  }
}

/** Keeps an outcome that one side has changed and the other does not need any more. */
function keepOutcome(conflict: MergeConflict): 'ours' | 'theirs' | undefined {
  if (conflict.kind === 'dag') return undefined;
  if (conflict.ours === undefined) return 'theirs';
  return conflict.theirs === undefined ? 'ours' : undefined;
}

function dagsOf(conflict: MergeConflict): readonly string[] {
  return conflict.kind === 'dag' ? [conflict.name] : conflict.dagNames;
}
