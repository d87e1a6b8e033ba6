import { copyBytes } from '../bytes.ts';
import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import type { PageRole, TreeRoot } from '../records/page-types.ts';
import { idInLink } from './element-bytes.ts';
import { type BuiltPage, LevelBuilder, writeInterior } from './level-builder.ts';
import type { PageStore } from './page-store.ts';
import { encodePage } from './page-view.ts';
import { LevelStack, rootOf } from './tree-builder.ts';
import type { TreeCursor } from './tree-cursor.ts';

/** An encoded entry and the leaf entries (bytes, for chunks) it stands for. */
export interface EncodedEntry {
  readonly bytes: Uint8Array;
  readonly weight: number;
}

/** Replaces the entries of one level that stand for the leaf entries from `start` to `end`. */
export interface LevelSplice {
  readonly start: number;
  end: number;
  readonly entries: EncodedEntry[];
}

interface Rewrite {
  readonly cursor: TreeCursor;
  /** Splices of the leaf level: in order, disjoint, not adjacent. */
  readonly splices: readonly LevelSplice[];
}

const interiorWriter = new CborWriter();

/** Stores the new pages of one level, but an only leaf, which its owner embeds. */
class NewPages {
  /** Entries of the level above for the new pages, in order, of the segment at hand. */
  entries: EncodedEntry[] = [];
  /** The first new leaf, as long as it is not stored. */
  waiting: BuiltPage | undefined;
  readonly #role: PageRole;
  readonly #level: number;
  readonly #pages: PageStore;
  #placeholder: { bytes: Uint8Array; weight: number } | undefined;

  constructor(role: PageRole, level: number, pages: PageStore) {
    this.#role = role;
    this.#level = level;
    this.#pages = pages;
  }

  add(page: BuiltPage): void {
    if (this.#level === 0 && this.#placeholder === undefined) {
      this.waiting = { ...page, entries: copyBytes(page.entries), lastKey: copyBytes(page.lastKey) };
      this.#placeholder = { bytes: this.waiting.entries, weight: page.weight };
      this.entries.push(this.#placeholder);
      return;
    }
    this.store();
    this.entries.push({ bytes: this.#put(page), weight: page.weight });
  }

  /** Stores the leaf that waits. */
  store(): void {
    if (this.waiting === undefined || this.#placeholder === undefined) return;
    this.#placeholder.bytes = this.#put(this.waiting);
    this.waiting = undefined;
  }

  #put(page: BuiltPage): Uint8Array {
    const pageId = this.#pages.putPage(encodePage(this.#role, this.#level, page.count, page.entries));
    writeInterior(interiorWriter, page, pageId);
    return interiorWriter.take();
  }
}

/**
 * Applies splices of the leaf level and returns the root of the canonical tree of the result.
 *
 * Works level by level: from the page that holds a splice on, entries are cut into pages again until a page ends
 * where an old one did; from there on the old pages stand.
 *
 * @spec DML-OBJ-2019
 */
export function rewriteTree<Role extends PageRole>(
  role: Role,
  { cursor, splices: leafSplices }: Rewrite,
  pages: PageStore,
): TreeRoot<Role> {
  let splices = leafSplices;
  const sink = new CborWriter();
  for (let level = 0; ; level++) {
    const built = new NewPages(role, level, pages);
    splices = rewriteLevel(
      { cursor, splices },
      new LevelBuilder(role, level, (page) => built.add(page), sink),
      built,
    );
    const remaining = level === cursor.root.level ? [] : gapsOf(splices, cursor.root.weight);
    const added = splices.flatMap((splice) => splice.entries);
    if (added.length + remaining.length === 0) return [];
    if (added.length + remaining.length === 1) {
      if (built.waiting !== undefined) return rootOf(role, 0, built.waiting, pages);
      if (added.length === 1) return childOfEntry(added[0]!) as TreeRoot<Role>;
      const root = onlyOldPage<Role>(cursor, level, remaining[0]!);
      if (root !== undefined) return root;
    }
    built.store();
    if (level === cursor.root.level) return growTree(role, level + 1, added, pages);
  }
}

/** Cuts one level again around its splices; returns the splices this makes in the level above. */
function rewriteLevel({ cursor, splices }: Rewrite, builder: LevelBuilder, built: NewPages): LevelSplice[] {
  const { level } = builder;
  const above: LevelSplice[] = [];
  let next = 0;
  while (next < splices.length) {
    built.entries = [];
    cursor.seekPosition(level, splices[next]!.start);
    const start = cursor.start;
    let deletedTo = start;
    let end: number;
    for (;;) {
      const page = cursor.page();
      const { bytes, offsets, weights } = page;
      const before = cursor.start;
      for (let index = 0; index <= page.length; index++) {
        const position = before + weights[index]!;
        if (index === page.length && !cursor.isLast) break;
        while (next < splices.length && splices[next]!.start <= position) {
          const splice = splices[next++]!;
          if (splice.start < position) fail('splice_range');
          for (const entry of splice.entries) builder.push(entry.bytes, 0, entry.bytes.length, entry.weight);
          deletedTo = splice.end;
        }
        if (index === page.length) break;
        if (position >= deletedTo) {
          builder.push(bytes, offsets[index]!, offsets[index + 1]!, weights[index + 1]! - weights[index]!);
        } else if (before + weights[index + 1]! > deletedTo) {
          fail('splice_range');
        }
      }
      end = cursor.end;
      if (cursor.isLast) break;
      const spliceFollows = next < splices.length && splices[next]!.start < end;
      if (builder.atPageStart && deletedTo <= end && !spliceFollows) break;
      if (deletedTo > end) cursor.seekPosition(level, deletedTo);
      else cursor.next();
    }
    builder.flush();
    above.push({ start, end, entries: built.entries });
  }
  return above;
}

/** Returns the ranges that no splice covers. */
function gapsOf(splices: readonly LevelSplice[], weight: number): { start: number; end: number }[] {
  const gaps: { start: number; end: number }[] = [];
  let start = 0;
  for (const splice of splices) {
    if (splice.start > start) gaps.push({ start, end: splice.start });
    start = splice.end;
  }
  if (weight > start) gaps.push({ start, end: weight });
  return gaps;
}

/** Returns the root that an old page becomes when it alone fills a range, undefined when several do. */
function onlyOldPage<Role extends PageRole>(
  cursor: TreeCursor,
  level: number,
  range: { start: number; end: number },
): TreeRoot<Role> | undefined {
  cursor.seekPosition(level, range.start);
  if (cursor.start !== range.start || cursor.end !== range.end) return undefined;
  const { parent } = cursor;
  if (level === 0 || parent === undefined) return cursor.page().entries<Role>();
  return parent.view.childId(parent.index) as TreeRoot<Role>;
}

/** Builds the levels above a level that was one page and no longer is. */
function growTree<Role extends PageRole>(
  role: Role,
  level: number,
  entries: readonly EncodedEntry[],
  pages: PageStore,
): TreeRoot<Role> {
  const stack = new LevelStack(role, level, pages);
  const base = stack.level(0);
  for (const entry of entries) base.push(entry.bytes, 0, entry.bytes.length, entry.weight);
  const top = stack.finish()!;
  return rootOf(role, top.level, top.page, pages);
}

function childOfEntry(entry: EncodedEntry): string {
  // The link stands before the count, whose width follows from its first byte.
  const link = entry.bytes.length - LINK_BYTES - countBytes(entry.weight);
  return idInLink<'page'>(entry.bytes, link);
}

function countBytes(count: number): number {
  if (count < 24) return 1;
  if (count < 0x100) return 2;
  if (count < 0x10000) return 3;
  return count < 0x100000000 ? 5 : 9;
}
