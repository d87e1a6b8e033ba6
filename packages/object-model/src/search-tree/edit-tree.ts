import { compareBytes } from '../bytes.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { writeEntry } from '../records/entry.ts';
import type {
  EntryKeys,
  KeyedRole,
  LeafEntries,
  PageRole,
  PositionalRole,
  TreeRoot,
} from '../records/page-types.ts';
import { keyBytes, keyOfEntry } from './entry-codec.ts';
import type { PageStore } from './page-store.ts';
import { type EncodedEntry, type LevelSplice, rewriteTree } from './rewrite-tree.ts';
import { TreeCursor } from './tree-cursor.ts';

/** Sets the entry of a key, or deletes it; deleting what is not there changes nothing. */
export type TreeChange<Role extends KeyedRole> =
  | { readonly set: LeafEntries[Role] }
  | { readonly deleteKey: EntryKeys[Role] };

/** Replaces entries by others; places are those before any splice. */
export interface TreeSplice<Role extends PositionalRole> {
  /** Index of the first entry replaced; for chunks its byte offset. */
  readonly start: number;
  /** Number of entries removed; for chunks their bytes. */
  readonly deleteCount: number;
  readonly insert: readonly LeafEntries[Role][];
}

interface KeyedChange {
  /** Ordering bytes of the key. */
  readonly key: Uint8Array;
  /** The new entry, undefined to delete. */
  readonly entry: Uint8Array | undefined;
}

/**
 * Applies changes, given in any order, and returns the new root: the one that {@link buildTree} returns for the result.
 *
 * Of several changes of one key the last counts. Rewrites O(changes · log n) pages and stores no others.
 *
 * @spec DML-OBJ-2004
 */
export function treeEdit<Role extends KeyedRole>(
  role: Role,
  root: TreeRoot<Role>,
  changes: Iterable<TreeChange<Role>>,
  pages: PageStore,
): TreeRoot<Role> {
  const sorted = sortChanges(role, changes);
  if (sorted.length === 0) return root;
  const cursor = TreeCursor.open(role, root, pages);
  const splices = spliceKeys(cursor, sorted);
  return splices.length === 0 ? root : rewriteTree(role, { cursor, splices }, pages);
}

const writer = new CborWriter();

function encodeLeaf<Role extends PageRole>(role: Role, entry: LeafEntries[Role]): Uint8Array {
  // What is left of an entry that was refused half-way. @spec DML-OBJ-2035
  writer.reset();
  writeEntry(writer, role, 0, entry);
  return writer.take();
}

function sortChanges<Role extends KeyedRole>(role: Role, changes: Iterable<TreeChange<Role>>): KeyedChange[] {
  const sorted: KeyedChange[] = [];
  let ordered = true;
  for (const change of changes) {
    let next: KeyedChange;
    if ('set' in change) {
      const entry = encodeLeaf(role, change.set);
      next = { key: keyBytes(role, keyOfEntry(role, change.set)), entry };
    } else {
      next = { key: keyBytes(role, change.deleteKey), entry: undefined };
    }
    const last = sorted.at(-1);
    if (last !== undefined && compareBytes(last.key, next.key) >= 0) ordered = false;
    sorted.push(next);
  }
  if (ordered) return sorted;
  sorted.sort((left, right) => compareBytes(left.key, right.key));
  // @spec DML-OBJ-2024
  return sorted.filter(
    (change, at) => at + 1 === sorted.length || compareBytes(change.key, sorted[at + 1]!.key) !== 0,
  );
}

/** Locates each change; changes that change nothing drop out, neighbours become one splice. */
function spliceKeys(cursor: TreeCursor, changes: readonly KeyedChange[]): LevelSplice[] {
  const splices: LevelSplice[] = [];
  let page = cursor.root;
  let before = 0;
  let seeking = true;
  for (const { key, entry } of changes) {
    if (!seeking) seeking = page.compareKey(page.length - 1, key) < 0;
    if (seeking) {
      cursor.seekKey(key);
      page = cursor.page();
      before = cursor.start;
      seeking = page.length === 0;
    }
    const index = page.lowerBound(key);
    const exists = index < page.length && page.compareKey(index, key) === 0;
    if (entry === undefined && !exists) continue;
    if (exists && entry !== undefined) {
      const old = page.bytes.subarray(page.offsets[index], page.offsets[index + 1]);
      if (compareBytes(old, entry) === 0) continue;
    }
    const start = before + index;
    const inserted: EncodedEntry[] = entry === undefined ? [] : [{ bytes: entry, weight: 1 }];
    const last = splices.at(-1);
    if (last !== undefined && last.end >= start) {
      last.entries.push(...inserted);
      last.end = exists ? start + 1 : last.end;
    } else {
      splices.push({ start, end: exists ? start + 1 : start, entries: inserted });
    }
  }
  return splices;
}

/**
 * Replaces entries by position and returns the new root: the one that {@link buildTree} returns for the result.
 *
 * Splices are in order and do not overlap; otherwise, and outside the tree or inside a chunk, throws
 * `invalid_bounds` with `splice_range`. Rewrites O(changes · log n) pages.
 */
export function treeSplice<Role extends PositionalRole>(
  role: Role,
  root: TreeRoot<Role>,
  splices: Iterable<TreeSplice<Role>>,
  pages: PageStore,
): TreeRoot<Role> {
  const cursor = TreeCursor.open(role, root, pages);
  const encoded: LevelSplice[] = [];
  for (const { start, deleteCount, insert } of splices) {
    const last = encoded.at(-1);
    const valid = Number.isSafeInteger(start) && Number.isSafeInteger(deleteCount) && deleteCount >= 0;
    // @spec DML-OBJ-2021
    if (!valid || start < (last?.end ?? 0) || start + deleteCount > cursor.root.weight) fail('splice_range');
    const entries = insert.map((entry): EncodedEntry => {
      return {
        bytes: encodeLeaf(role, entry),
        weight: role === 'chunks' ? (entry as LeafEntries['chunks'])[1] : 1,
      };
    });
    if (deleteCount === 0 && entries.length === 0) continue;
    if (last !== undefined && last.end === start) {
      for (const entry of entries) last.entries.push(entry);
      last.end = start + deleteCount;
    } else {
      encoded.push({ start, end: start + deleteCount, entries });
    }
  }
  return encoded.length === 0 ? root : rewriteTree(role, { cursor, splices: encoded }, pages);
}
