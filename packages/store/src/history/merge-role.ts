import {
  type EntryKeys,
  type KeyedRole,
  type LeafEntries,
  mergeTrees3,
  type PageStore,
  type TreeChange,
  type TreeRoot,
  treeDiff,
  treeEdit,
  treeGet,
} from '@daggerml/object-model';

/** The roles whose entries are pairs of a key and an id. */
export type PairRole = 'dags' | 'pins' | 'requests';

/** A key the sides do not agree on; undefined stands for no entry. */
export interface RoleConflict<Role extends PairRole> {
  readonly key: EntryKeys[Role];
  readonly ours: LeafEntries[Role] | undefined;
  readonly theirs: LeafEntries[Role] | undefined;
}

/** A merged tree; at each conflict it holds our side. */
export interface RoleMerge<Role extends PairRole> {
  readonly root: TreeRoot<Role>;
  readonly conflicts: readonly RoleConflict<Role>[];
}

function keyOf<Role extends PairRole>(entry: LeafEntries[Role]): EntryKeys[Role] {
  return entry[0] as EntryKeys[Role];
}

/**
 * Merges two trees against every base there is.
 * A key is merged only where all bases lead to the same entry; where they do not, the sides are in conflict,
 * for nothing shows which base is right.
 */
export function mergeRole<Role extends PairRole>(
  role: Role,
  bases: readonly TreeRoot<Role>[],
  sides: { readonly ours: TreeRoot<Role>; readonly theirs: TreeRoot<Role> },
  pages: PageStore,
): RoleMerge<Role> {
  const empty = [] as unknown as TreeRoot<Role>;
  // @spec DML-STO-0642
  const merges = (bases.length === 0 ? [empty] : bases).map((base) =>
    mergeTrees3(role, { base, ...sides }, pages),
  );
  const disputed = new Set<EntryKeys[Role]>();
  for (const { conflicts } of merges)
    for (const { ours, theirs } of conflicts) disputed.add(keyOf((ours ?? theirs) as LeafEntries[Role]));
  const [first, ...others] = merges as unknown as [RoleMergeRoot<Role>, ...RoleMergeRoot<Role>[]];
  // @spec DML-STO-0646
  for (const other of others)
    for (const { before, after } of treeDiff(role, first.root, other.root, pages))
      disputed.add(keyOf((before ?? after) as LeafEntries[Role]));
  if (disputed.size === 0) return { root: first.root, conflicts: [] };
  const conflicts = [...disputed]
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map((key) => ({
      key,
      ours: find(role, sides.ours, key, pages),
      theirs: find(role, sides.theirs, key, pages),
    }));
  const restore = conflicts.map(({ key, ours }) => changeTo<Role>(key, ours));
  return { root: treeEdit(role, first.root, restore, pages), conflicts };
}

interface RoleMergeRoot<Role extends PairRole> {
  readonly root: TreeRoot<Role>;
}

function find<Role extends PairRole>(
  role: Role,
  root: TreeRoot<Role>,
  key: EntryKeys[Role],
  pages: PageStore,
): LeafEntries[Role] | undefined {
  return treeGet(role, root, key as EntryKeys[Role & KeyedRole], pages) as LeafEntries[Role] | undefined;
}

/** Returns the change that makes a key hold an entry, or none. */
export function changeTo<Role extends PairRole>(
  key: EntryKeys[Role],
  entry: LeafEntries[Role] | undefined,
): TreeChange<Role> {
  return entry === undefined ? { deleteKey: key } : { set: entry };
}
