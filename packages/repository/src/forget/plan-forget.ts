import {
  type CommitId,
  type CommitRecord,
  type ObjectClass,
  recordLinks,
  treeEntries,
} from '@daggerml/object-model';
import { Draft, type RefName, storeError } from '@daggerml/store';
import { treeScope } from '../nodes/pin-scope.ts';
import { ObjectWalk } from '../stats/object-walk.ts';
import { readHistory, readUnlessGone } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';

/** Commits that a branch keeps, beginning with the newest one, which it always keeps. */
export type Kept = { readonly count: number } | { readonly sinceMs: number };

/** Commits that a branch is to keep, and those that it is to forget. */
export interface ForgetPlan {
  readonly branch: RefName;
  readonly before: CommitId;
  /** The newest commit with the shorter history; `before` where there is nothing to forget. */
  readonly after: CommitId;
  readonly keptCommits: number;
  readonly forgottenCommits: number;
  /** The commits that are made again, and nothing else. */
  readonly draft: Draft;
  readonly kept: readonly CommitId[];
  readonly forgotten: readonly CommitId[];
}

/** Bytes that nothing keeps once a branch has forgotten. */
export interface FreedBytes {
  /** By the name of the first dag that has them, newest commit first. */
  readonly dags: readonly { readonly dag: string; readonly bytes: number }[];
  /** Of the commits themselves. */
  readonly commitBytes: number;
  /** Other refs from which a forgotten commit is reached. */
  readonly keepers: readonly RefName[];
}

/**
 * Plans a shorter history of a branch: each commit that is kept has the parents that are kept; all else in it stays as
 * it is. Throws `ref_missing`.
 *
 * @spec DML-REP-0937
 */
export function planForget(reader: RecordReader, branch: RefName, keep: Kept): ForgetPlan {
  const before = reader.store.getRef(branch)?.commitId;
  if (before === undefined) throw storeError('ref_missing', { ref: branch });
  const kept: CommitId[] = [];
  const forgotten: CommitId[] = [];
  for (const { commitId, commit } of readHistory(reader, before)) {
    const isKept =
      forgotten.length === 0 &&
      (kept.length === 0 ||
        ('count' in keep ? kept.length < keep.count : commit.committedMs >= keep.sinceMs));
    (isKept ? kept : forgotten).push(commitId);
  }
  const draft = new Draft(reader.store);
  let after = before;
  if (forgotten.length > 0) {
    const madeAgain = new Map<CommitId, CommitId>();
    for (const commitId of [...kept].reverse()) {
      const commit = reader.read('commit', commitId);
      const parentCommitIds = commit.parentCommitIds.flatMap((parentId) => madeAgain.get(parentId) ?? []);
      madeAgain.set(commitId, draft.put({ ...commit, parentCommitIds }) as CommitId);
    }
    after = madeAgain.get(before) as CommitId;
  }
  const [keptCommits, forgottenCommits] = [kept.length, forgotten.length];
  return { branch, before, after, keptCommits, forgottenCommits, draft, kept, forgotten };
}

/**
 * Measures what only the forgotten commits keep, while no process uses it. Reads every object once.
 *
 * @spec DML-REP-0422
 */
export function measureForget(reader: RecordReader, plan: ForgetPlan): FreedBytes {
  const { store } = reader;
  const walk = new ObjectWalk(reader);
  const others = store.readRefs().filter(({ name }) => name !== plan.branch);
  walk.from(others.map(({ commitId }) => ['commit', commitId] as const));
  walk.from(store.readHolds().map((hold) => [hold.class, hold.objectId] as const));
  for (const commitId of plan.kept) walk.from(contentLinks(reader.read('commit', commitId)));
  const dags = new Map<string, number>();
  for (const commitId of plan.forgotten) {
    const commit = reader.read('commit', commitId);
    const scope = treeScope(commit.pins, reader);
    const { dags: entries } = reader.read('tree', commit.treeId);
    for (const [name, dagId] of treeEntries('dags', entries, reader)) {
      const bytes = walk.from([['dag', dagId]], { scope });
      if (bytes > 0) dags.set(name, (dags.get(name) ?? 0) + bytes);
    }
  }
  // The kept ones are made again, so the old ones go too.
  const commitBytes = walk.from([['commit', plan.before]]);
  return {
    dags: [...dags].map(([dag, bytes]) => ({ dag, bytes })).sort((a, b) => b.bytes - a.bytes),
    commitBytes,
    keepers: keepersOf(reader, plan),
  };
}

/** Lists what a commit holds, without its history. */
function contentLinks(commit: CommitRecord): [ObjectClass, string][] {
  return recordLinks(commit).flatMap(({ objectClass, id }) =>
    objectClass === 'commit' ? [] : [[objectClass, id] as [ObjectClass, string]],
  );
}

/** Lists the other refs from which a forgotten commit is reached. */
function keepersOf(reader: RecordReader, { branch, forgotten }: ForgetPlan): RefName[] {
  const wanted = new Set(forgotten);
  const leadsNowhere = new Set<CommitId>();
  const keepers: RefName[] = [];
  for (const { name, commitId } of reader.store.readRefs()) {
    if (name === branch) continue;
    const reached = new Set([commitId]);
    let isKeeper = false;
    for (const next of reached) {
      isKeeper ||= wanted.has(next);
      if (isKeeper) break;
      if (leadsNowhere.has(next)) continue;
      for (const parent of readUnlessGone(reader, next)?.parentCommitIds ?? []) reached.add(parent);
    }
    if (isKeeper) keepers.push(name);
    else for (const each of reached) leadsNowhere.add(each);
  }
  return keepers;
}
