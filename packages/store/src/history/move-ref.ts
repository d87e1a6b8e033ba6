import { isDeepStrictEqual } from 'node:util';
import type { CommitId, CommitRecord } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { RefName } from '../refs/ref-name.ts';
import type { Ref } from '../refs/refs.ts';
import type { Transactor } from '../write-transaction.ts';
import type { CommitFacts } from './commit-facts.ts';
import { Draft, type ObjectReader } from './draft.ts';
import { logCommits } from './log.ts';
import { isAncestor, mergeBases, relateCommits } from './merge-base.ts';
import { contentOf, draftCommit, type MergeConflict, mergeContents, type Settle } from './merge-content.ts';

/** A store as far as refs are moved along history with it. */
export interface HistoryHost extends ObjectReader, Transactor {
  getRef(name: RefName): Ref | undefined;
}

/** The author of a move of a ref, and the reason for the journal. */
export interface Move {
  readonly ref: RefName;
  readonly actor: string;
  readonly reason: string;
}

/** Outcomes every way of moving a ref shares. */
export type MoveResult =
  | { readonly state: 'applied'; readonly commitId: CommitId; readonly sequence: number }
  /** The ref holds all there is to take; nothing was changed. */
  | { readonly state: 'up-to-date'; readonly commitId: CommitId }
  /** Somebody else has moved the ref; nothing was changed. */
  | { readonly state: 'lost'; readonly actual: CommitId | null };

export type FastForwardResult =
  | MoveResult
  | { readonly state: 'diverged'; readonly mergeBaseIds: readonly CommitId[] };

export type MergeResult =
  | MoveResult
  | { readonly state: 'conflicts'; readonly conflicts: readonly MergeConflict[] };

export type RebaseResult =
  | MoveResult
  | {
      readonly state: 'conflicts';
      /** The commit whose replay met the conflicts. */
      readonly commitId: CommitId;
      readonly conflicts: readonly MergeConflict[];
    };

/** The committer of replayed commits, and the time. */
export type CommitterFacts = Pick<CommitRecord, 'committer' | 'committedMs'>;

/** Reads where a ref stands and keeps both commits from collections while history is computed. */
function begin(host: HistoryHost, ref: RefName, other: CommitId): CommitId {
  const standing = host.getRef(ref)?.commitId;
  if (standing === undefined) throw storeError('ref_missing', { ref });
  host.transact('history/retain', (transaction) => {
    for (const commitId of [standing, other])
      if (!transaction.retain('commit', commitId))
        throw storeError('object_missing', { class: 'commit', objectId: commitId });
  });
  return standing;
}

/** Writes a draft and moves the ref, together or not at all. */
function finish(
  host: HistoryHost,
  move: Move,
  expected: CommitId,
  next: CommitId,
  draft?: Draft,
): MoveResult {
  if (expected === next) return { state: 'up-to-date', commitId: expected };
  return host.transact('history/move', (transaction): MoveResult => {
    const actual = transaction.getRef(move.ref)?.commitId ?? null;
    // @spec DML-STO-0623
    if (actual !== expected) return { state: 'lost', actual };
    draft?.writeTo(transaction);
    const { sequence } = transaction.updateRef({ ...move, expected, next }) as { readonly sequence: number };
    return { state: 'applied', commitId: next, sequence };
  });
}

/** Moves a ref to a descendant of its commit. */
export function fastForward(host: HistoryHost, move: Move, next: CommitId): FastForwardResult {
  const ours = begin(host, move.ref, next);
  const draft = new Draft(host);
  const relation = relateCommits(draft, ours, next);
  // @spec DML-STO-0613
  if (relation === 'same' || relation === 'ahead') return { state: 'up-to-date', commitId: ours };
  if (relation === 'unrelated') draft.assertWholeHistory();
  // @spec DML-STO-0612
  if (relation !== 'behind') return { state: 'diverged', mergeBaseIds: mergeBases(draft, ours, next) };
  // @spec DML-STO-0611
  return finish(host, move, ours, next);
}

/**
 * Merges a commit into a ref: by fast-forward where that is possible, else by a commit with both as parents.
 * `settle` decides conflicts one by one; what it leaves open is returned and nothing is written.
 */
export function mergeIntoRef(
  host: HistoryHost,
  move: Move,
  theirs: CommitId,
  options: CommitFacts & { readonly settle?: Settle },
): MergeResult {
  const ours = begin(host, move.ref, theirs);
  const draft = new Draft(host);
  const relation = relateCommits(draft, ours, theirs);
  if (relation === 'same' || relation === 'ahead') return { state: 'up-to-date', commitId: ours };
  if (relation === 'behind') return finish(host, move, ours, theirs);
  if (relation === 'unrelated') draft.assertWholeHistory();
  const bases = mergeBases(draft, ours, theirs).map((commitId) => contentOf(draft, commitId));
  const sides = { bases, ours: contentOf(draft, ours), theirs: contentOf(draft, theirs) };
  const merged = mergeContents(draft, sides, options.settle);
  // @spec DML-STO-0649
  if (merged.state === 'conflicts') return merged;
  const next = draftCommit(draft, merged.content, { ...options, parentCommitIds: [ours, theirs] });
  return finish(host, move, ours, next, draft);
}

/**
 * Replaces the commits of a ref since `base` by one; `base` null makes it a first commit.
 * Throws `history_invalid` with `base_not_ancestor`.
 */
export function squashRef(
  host: HistoryHost,
  move: Move,
  base: CommitId | null,
  facts: CommitFacts,
): MoveResult {
  const tip = host.getRef(move.ref)?.commitId;
  if (tip === undefined) throw storeError('ref_missing', { ref: move.ref });
  if (base === tip) return { state: 'up-to-date', commitId: tip };
  begin(host, move.ref, base ?? tip);
  const draft = new Draft(host);
  // @spec DML-STO-0622
  if (base !== null && !isAncestor(draft, base, tip))
    throw storeError('history_invalid', { detail: 'base_not_ancestor', ref: move.ref, commitId: base });
  const parentCommitIds = base === null ? [] : [base];
  // A request is of use while its call is under way, which is over for what is squashed.
  // @spec DML-STO-0621
  const content = { ...contentOf(draft, tip), requests: [] };
  const next = draftCommit(draft, content, { ...facts, parentCommitIds });
  return finish(host, move, tip, next, draft);
}

/** The committer of replayed commits, the time, and what decides conflicts. */
type ReplayOptions = CommitterFacts & { readonly settle?: Settle };

/**
 * Replays the first-parent changes of a ref since it left the history of `onto` on top of `onto`.
 * Each replayed commit merges what its original changed; it keeps the original's author, time of authoring, message and
 * details, and has the committer that is given.
 */
export function rebaseRef(
  host: HistoryHost,
  move: Move,
  onto: CommitId,
  options: ReplayOptions,
): RebaseResult {
  const tip = begin(host, move.ref, onto);
  const draft = new Draft(host);
  // @spec DML-STO-0634
  if (isAncestor(draft, onto, tip)) return { state: 'up-to-date', commitId: tip };
  const replayed = replay(draft, tip, onto, options);
  return replayed.state === 'conflicts' ? replayed : finish(host, move, tip, replayed.commitId, draft);
}

/**
 * Moves a ref to what it has and a commit changed since their histories parted: by fast-forward where that is possible,
 * else by the changes of that commit's history, replayed on top of the ref as `rebaseRef` does.
 */
export function replayOntoRef(
  host: HistoryHost,
  move: Move,
  theirs: CommitId,
  options: ReplayOptions,
): RebaseResult {
  const ours = begin(host, move.ref, theirs);
  const draft = new Draft(host);
  const relation = relateCommits(draft, ours, theirs);
  if (relation === 'same' || relation === 'ahead') return { state: 'up-to-date', commitId: ours };
  if (relation === 'behind') return finish(host, move, ours, theirs);
  if (relation === 'unrelated') draft.assertWholeHistory();
  const replayed = replay(draft, theirs, ours, options);
  return replayed.state === 'conflicts' ? replayed : finish(host, move, ours, replayed.commitId, draft);
}

/** Drafts the commits that `tip` has and `onto` lacks on top of `onto`, and returns the last of them. */
function replay(
  draft: Draft,
  tip: CommitId,
  onto: CommitId,
  { settle, ...committer }: ReplayOptions,
): ({ readonly state: 'replayed' } | Extract<RebaseResult, { state: 'conflicts' }>) & { commitId: CommitId } {
  // @spec DML-STO-0631
  const commits = [...logCommits(draft, [tip], { order: 'first-parent', except: [onto] })].reverse();
  let current = onto;
  for (const { commitId, commit } of commits) {
    const ours = contentOf(draft, current);
    const sides = {
      bases: [contentOf(draft, commit.parentCommitIds[0])],
      ours,
      theirs: contentOf(draft, commitId),
    };
    const merged = mergeContents(draft, sides, settle);
    // @spec DML-STO-0633
    if (merged.state === 'conflicts') return { ...merged, commitId };
    // @spec DML-BND-1861
    if (isDeepStrictEqual(merged.content, ours)) continue;
    // @spec DML-STO-0632
    const facts = { ...commit, ...committer, parentCommitIds: [current] };
    current = draftCommit(draft, merged.content, facts);
  }
  return { state: 'replayed', commitId: current };
}
