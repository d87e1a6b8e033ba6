import { compareBytes, equalBytes } from '../bytes.ts';
import type { KeyedRole, LeafEntries, TreeRoot } from '../records/page-types.ts';
import { diffKeys, type KeyedDifference } from './diff-tree.ts';
import { type TreeChange, treeEdit } from './edit-tree.ts';
import { keyOfEntry } from './entry-codec.ts';
import type { PageStore } from './page-store.ts';

/** The three trees of a merge. */
export interface MergeInput<Role extends KeyedRole> {
  readonly base: TreeRoot<Role>;
  readonly ours: TreeRoot<Role>;
  readonly theirs: TreeRoot<Role>;
}

/** A key that both sides changed, and not to the same; an entry that is not there is undefined. */
export interface MergeConflict<Role extends KeyedRole> {
  readonly base: LeafEntries[Role] | undefined;
  readonly ours: LeafEntries[Role] | undefined;
  readonly theirs: LeafEntries[Role] | undefined;
}

/** Result of a merge; at each conflict the tree holds our side. */
export interface MergeResult<Role extends KeyedRole> {
  readonly root: TreeRoot<Role>;
  /** In key order. */
  readonly conflicts: readonly MergeConflict<Role>[];
}

/**
 * Applies to our tree what their tree changed since the base, key by key.
 *
 * Conflicts are values, not errors. Costs O(changes of both sides · log n).
 *
 * @spec DML-OBJ-2018
 */
export function mergeTrees3<Role extends KeyedRole>(
  role: Role,
  { base, ours, theirs }: MergeInput<Role>,
  pages: PageStore,
): MergeResult<Role> {
  const ourDifferences = diffKeys(role, base, ours, pages);
  let our = next(ourDifferences);
  const changes: TreeChange<Role>[] = [];
  const conflicts: MergeConflict<Role>[] = [];
  for (const their of diffKeys(role, base, theirs, pages)) {
    while (our !== undefined && compareBytes(our.key, their.key) < 0) our = next(ourDifferences);
    if (our === undefined || compareBytes(our.key, their.key) !== 0) {
      changes.push(changeTo(role, their));
    } else if (!sameBytes(our.afterBytes, their.afterBytes)) {
      // @spec DML-OBJ-2030
      conflicts.push({ base: their.before, ours: our.after, theirs: their.after });
    }
  }
  return { root: treeEdit(role, ours, changes, pages), conflicts };
}

function next<Value>(values: Iterator<Value>): Value | undefined {
  const step = values.next();
  return step.done ? undefined : step.value;
}

function changeTo<Role extends KeyedRole>(role: Role, difference: KeyedDifference<Role>): TreeChange<Role> {
  const { before, after } = difference;
  return after === undefined ? { deleteKey: keyOfEntry(role, before!) } : { set: after };
}

function sameBytes(ours: Uint8Array | undefined, theirs: Uint8Array | undefined): boolean {
  return ours === undefined || theirs === undefined ? ours === theirs : equalBytes(ours, theirs);
}
