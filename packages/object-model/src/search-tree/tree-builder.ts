import { compareBytes } from '../bytes.ts';
import { fail } from '../errors.ts';
import type { PageId } from '../ids.ts';
import { writeEntry } from '../records/entry.ts';
import type { LeafEntries, PageRole, TreeRoot } from '../records/page-types.ts';
import { ENTRY_CODECS } from './entry-codec.ts';
import { type BuiltPage, LevelBuilder, writeInterior } from './level-builder.ts';
import type { PageStore } from './page-store.ts';
import { encodePage, parsePage } from './page-view.ts';

interface Level {
  readonly builder: LevelBuilder;
  pages: number;
}

/** Builds the interior levels over completed pages, from any level up. */
export class LevelStack {
  readonly #role: PageRole;
  readonly #pages: PageStore;
  readonly #base: number;
  readonly #levels: Level[] = [];

  constructor(role: PageRole, base: number, pages: PageStore) {
    this.#role = role;
    this.#base = base;
    this.#pages = pages;
  }

  /** Returns the builder of a level, counted from the base. */
  level(above: number): LevelBuilder {
    return this.#at(above).builder;
  }

  /** Appends what stands for a stored page to the level above it. */
  pushChild(above: number, page: BuiltPage, pageId: string): void {
    const { builder } = this.#at(above);
    builder.prepare();
    builder.added(writeInterior(builder.sink, page, pageId), page.weight);
  }

  /** Completes all levels; returns the only page of the topmost one, undefined when there are no entries at all. */
  finish(): { readonly level: number; readonly page: BuiltPage } | undefined {
    for (let above = 0; above < this.#levels.length; above++) {
      const { builder, pages } = this.#levels[above]!;
      // @spec DML-OBJ-2006
      if (pages === 0)
        return builder.count === 0 ? undefined : { level: this.#base + above, page: builder.page() };
      builder.flush();
    }
    return undefined;
  }

  #at(above: number): Level {
    const known = this.#levels[above];
    if (known !== undefined) return known;
    const level: Level = {
      builder: new LevelBuilder(this.#role, this.#base + above, (page) => {
        level.pages++;
        const record = encodePage(this.#role, this.#base + above, page.count, page.entries);
        this.pushChild(above + 1, page, this.#pages.putPage(record));
      }),
      pages: 0,
    };
    this.#levels[above] = level;
    return level;
  }
}

/**
 * Builds a search tree from entries that arrive in order, holding one open page per level.
 *
 * Positional roles take entries as they come; keyed roles throw `invalid_payload` with `entry_order` unless keys
 * strictly increase bytewise.
 */
export class TreeBuilder<Role extends PageRole> {
  readonly #role: Role;
  readonly #pages: PageStore;
  readonly #stack: LevelStack;
  readonly #leaves: LevelBuilder;
  readonly #keyed: boolean;
  #previousKey: Uint8Array | undefined;
  #refusal: { readonly error: unknown } | undefined;

  constructor(role: Role, pages: PageStore) {
    this.#role = role;
    this.#pages = pages;
    this.#stack = new LevelStack(role, 0, pages);
    this.#leaves = this.#stack.level(0);
    this.#keyed = ENTRY_CODECS[role].keyForm !== 'none';
  }

  /** Appends an entry. One that is refused ends the builder: what was written of it cannot be taken back. */
  push(entry: LeafEntries[Role]): void {
    this.#assertUsable();
    try {
      this.#append(entry);
    } catch (error) {
      this.#refusal = { error };
      throw error;
    }
  }

  #append(entry: LeafEntries[Role]): void {
    const leaves = this.#leaves;
    const { sink } = leaves;
    if (leaves.count > 0 && leaves.atPageStart) {
      if (this.#keyed) this.#previousKey = sink.bytes.slice(leaves.keyStart, leaves.keyEnd);
      leaves.prepare();
    }
    const first = leaves.count === 0;
    const { keyStart, keyEnd } = leaves;
    const start = sink.length;
    writeEntry(sink, this.#role, 0, entry);
    leaves.added(start, this.#role === 'chunks' ? (entry as LeafEntries['chunks'])[1] : 1);
    if (!this.#keyed) return;
    const previous = first ? this.#previousKey : sink.bytes.subarray(keyStart, keyEnd);
    if (previous === undefined) return;
    // @spec DML-OBJ-2022
    if (compareBytes(previous, sink.bytes.subarray(leaves.keyStart, leaves.keyEnd)) >= 0) fail('entry_order');
  }

  /** Completes the tree; the builder must not be used afterwards. */
  finish(): TreeRoot<Role> {
    this.#assertUsable();
    const top = this.#stack.finish();
    // @spec DML-OBJ-2001
    return top === undefined ? [] : rootOf(this.#role, top.level, top.page, this.#pages);
  }

  #assertUsable(): void {
    // @spec DML-OBJ-2034
    if (this.#refusal !== undefined) throw this.#refusal.error;
  }
}

/** Returns the root that an only page becomes: its entries when it is a leaf, a stored page otherwise. */
export function rootOf<Role extends PageRole>(
  role: Role,
  level: number,
  page: BuiltPage,
  pages: PageStore,
): TreeRoot<Role> {
  const record = encodePage(role, level, page.count, page.entries);
  // @spec DML-OBJ-2003
  return level > 0 ? (pages.putPage(record) as PageId) : parsePage(role, record).entries<Role>();
}

/**
 * Builds a search tree from entries in order and returns its root.
 *
 * Throws `invalid_payload` with `entry_order` when the keys of a keyed role do not strictly increase.
 */
export function buildTree<Role extends PageRole>(
  role: Role,
  entries: Iterable<LeafEntries[Role]>,
  pages: PageStore,
): TreeRoot<Role> {
  const builder = new TreeBuilder(role, pages);
  for (const entry of entries) builder.push(entry);
  return builder.finish();
}
