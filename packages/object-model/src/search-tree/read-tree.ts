import type { EntryKeys, KeyedRole, LeafEntries, PageRole, TreeRoot } from '../records/page-types.ts';
import { keyBytes } from './entry-codec.ts';
import type { PageSource } from './page-store.ts';
import { PageReader, type PageView } from './page-view.ts';
import { rootView, TreeCursor } from './tree-cursor.ts';

/** Range and order of the entries to list. */
export interface TreeRange<Role extends PageRole> {
  /** First key to list; keyed roles only. */
  readonly fromKey?: Role extends KeyedRole ? EntryKeys[Role] : never;
  /** First key not to list; keyed roles only. */
  readonly beforeKey?: Role extends KeyedRole ? EntryKeys[Role] : never;
  /** Lists from the last entry to the first. */
  readonly reverse?: boolean;
}

/**
 * Returns the entry with a key, undefined when there is none; O(log n).
 *
 * @spec DML-OBJ-2026
 */
export function treeGet<Role extends KeyedRole>(
  role: Role,
  root: TreeRoot<Role>,
  key: EntryKeys[Role],
  pages: PageSource,
): LeafEntries[Role] | undefined {
  const found = findKey(role, root, key, pages);
  return found === undefined ? undefined : found.view.entry<Role>(found.index);
}

/** Checks whether there is an entry with a key; O(log n). */
export function treeHas<Role extends KeyedRole>(
  role: Role,
  root: TreeRoot<Role>,
  key: EntryKeys[Role],
  pages: PageSource,
): boolean {
  return findKey(role, root, key, pages) !== undefined;
}

function findKey<Role extends KeyedRole>(
  role: Role,
  root: TreeRoot<Role>,
  key: EntryKeys[Role],
  pages: PageSource,
): { view: PageView; index: number } | undefined {
  const wanted = keyBytes(role, key);
  const reader = new PageReader(role, pages);
  let view = rootView(role, root, reader);
  for (;;) {
    const index = view.lowerBound(wanted);
    if (index === view.length) return undefined;
    // @spec DML-OBJ-2027
    if (view.level > 0) view = reader.read(view.childId(index), view.level - 1);
    else return view.compareKey(index, wanted) === 0 ? { view, index } : undefined;
  }
}

/** An entry and the place where it stands. */
export interface PlacedEntry<Role extends PageRole> {
  readonly entry: LeafEntries[Role];
  /** Index of the entry; for chunks the offset of its first byte. */
  readonly start: number;
}

/**
 * Returns the entry at an index, for chunks the one that holds the byte at an offset; undefined outside; O(log n).
 *
 * @spec DML-OBJ-2028
 */
export function treeAt<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  position: number,
  pages: PageSource,
): PlacedEntry<Role> | undefined {
  for (const placed of treeFrom(role, root, position, pages)) return placed;
  return undefined;
}

/** Lists entries with their places, from the one at an index (for chunks: that holds a byte) to the last. */
export function* treeFrom<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  position: number,
  pages: PageSource,
): IterableIterator<PlacedEntry<Role>> {
  const cursor = TreeCursor.open(role, root, pages);
  if (!(position >= 0) || position >= cursor.root.weight) return;
  cursor.seekPosition(0, position);
  do {
    const page = cursor.page();
    const { weights } = page;
    const before = cursor.start;
    for (let index = 0; index < page.length; index++) {
      if (before + weights[index + 1]! <= position) continue;
      yield { entry: page.entry<Role>(index), start: before + weights[index]! };
    }
  } while (cursor.next());
}

/** Returns the number of entries, for chunks the number of bytes; reads one page at most. */
export function treeCount<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  pages: PageSource,
): number {
  if (typeof root !== 'string' && role !== 'chunks') return root.length;
  return rootView(role, root, new PageReader(role, pages)).weight;
}

/**
 * Lists entries in order, reading pages as it goes.
 *
 * @spec DML-OBJ-2025
 */
export function* treeEntries<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  pages: PageSource,
  range: TreeRange<Role> = {},
): IterableIterator<LeafEntries[Role]> {
  const cursor = TreeCursor.open(role, root, pages);
  const from = keyOf(role, range.fromKey);
  const before = keyOf(role, range.beforeKey);
  const { reverse = false } = range;
  const near = reverse ? before : from;
  if (near !== undefined) cursor.seekKey(near);
  else cursor.seekPosition(0, reverse ? Number.POSITIVE_INFINITY : 0);
  const far = reverse ? from : before;
  do {
    const page = cursor.page();
    const low = from === undefined ? 0 : page.lowerBound(from);
    const high = before === undefined ? page.length : page.lowerBound(before);
    if (reverse) for (let index = high - 1; index >= low; index--) yield page.entry<Role>(index);
    else for (let index = low; index < high; index++) yield page.entry<Role>(index);
    if (far !== undefined && (reverse ? low > 0 : high < page.length)) return;
  } while (reverse ? cursor.previous() : cursor.next());
}

function keyOf<Role extends PageRole>(role: Role, key: unknown): Uint8Array | undefined {
  return key === undefined ? undefined : keyBytes(role as KeyedRole, key as EntryKeys[KeyedRole]);
}
