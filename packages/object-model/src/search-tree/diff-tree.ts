import { compareBytes } from '../bytes.ts';
import type { KeyedRole, LeafEntries, PositionalRole, TreeRoot } from '../records/page-types.ts';
import { LINK_ID_OFFSET } from './element-bytes.ts';
import type { PageSource } from './page-store.ts';
import { PageReader, type PageView } from './page-view.ts';
import { rootView } from './tree-cursor.ts';

/** Difference in the entry of one key: added without `before`, deleted without `after`. */
export interface TreeDifference<Role extends KeyedRole> {
  readonly before: LeafEntries[Role] | undefined;
  readonly after: LeafEntries[Role] | undefined;
}

/** A difference with the ordering bytes of its key and the encoded entry after. */
export interface KeyedDifference<Role extends KeyedRole> extends TreeDifference<Role> {
  readonly key: Uint8Array;
  readonly afterBytes: Uint8Array | undefined;
}

/**
 * Lists the keys whose entries differ between two trees, in key order.
 *
 * Pages that both trees hold at the same place are not read, so the cost is O(changes · log n).
 *
 * @spec DML-OBJ-2016
 */
export function* treeDiff<Role extends KeyedRole>(
  role: Role,
  before: TreeRoot<Role>,
  after: TreeRoot<Role>,
  pages: PageSource,
): IterableIterator<TreeDifference<Role>> {
  for (const difference of diffKeys(role, before, after, pages)) {
    yield { before: difference.before, after: difference.after };
  }
}

/** Yields the differences of {@link treeDiff}, with the bytes of keys and entries. */
export function* diffKeys<Role extends KeyedRole>(
  role: Role,
  before: TreeRoot<Role>,
  after: TreeRoot<Role>,
  pages: PageSource,
): IterableIterator<KeyedDifference<Role>> {
  if (before === after) return;
  const reader = new PageReader(role, pages);
  const left = new PathCursor(rootView(role, before, reader), reader);
  const right = new PathCursor(rootView(role, after, reader), reader);
  while (!left.done && !right.done) {
    if (left.level > 0 || right.level > 0) {
      stepDown(left, right);
      continue;
    }
    const order = compareBytes(left.key, right.key);
    if (order !== 0 || !left.sameBytes(right)) {
      yield differenceOf<Role>(order <= 0 ? left : undefined, order >= 0 ? right : undefined);
    }
    if (order <= 0) left.next();
    if (order >= 0) right.next();
  }
  for (; !left.done; left.next()) {
    left.toLeaf();
    yield differenceOf<Role>(left, undefined);
  }
  for (; !right.done; right.next()) {
    right.toLeaf();
    yield differenceOf<Role>(undefined, right);
  }
}

/**
 * Returns the index of the first entry in which two sequences differ, undefined where they are equal; where one goes on
 * beyond the other, that is the length of the shorter one. Pages that both hold at the same place are not read.
 */
export function firstDifference<Role extends Exclude<PositionalRole, 'chunks'>>(
  role: Role,
  before: TreeRoot<Role>,
  after: TreeRoot<Role>,
  pages: PageSource,
): number | undefined {
  if (before === after) return undefined;
  const reader = new PageReader(role, pages);
  const left = new PathCursor(rootView(role, before, reader), reader);
  const right = new PathCursor(rootView(role, after, reader), reader);
  let index = 0;
  while (!left.done && !right.done) {
    if (left.level > 0 || right.level > 0) {
      if (left.level === right.level && left.sameChild(right)) index += left.weight;
      stepDown(left, right);
      continue;
    }
    if (!left.sameBytes(right)) return index;
    index += 1;
    left.next();
    right.next();
  }
  return left.done && right.done ? undefined : index;
}

function differenceOf<Role extends KeyedRole>(
  left: PathCursor | undefined,
  right: PathCursor | undefined,
): KeyedDifference<Role> {
  return {
    key: (left ?? right)!.key,
    before: left?.entry<Role>(),
    after: right?.entry<Role>(),
    afterBytes: right?.bytes,
  };
}

/** Skips a page that both stand before, or enters the page of the one that stands higher. */
function stepDown(left: PathCursor, right: PathCursor): void {
  if (left.level === right.level) {
    // @spec DML-OBJ-2029
    if (left.sameChild(right)) {
      left.next();
      right.next();
    } else {
      left.enter();
      right.enter();
    }
  } else if (left.level > right.level) {
    left.enter();
  } else {
    right.enter();
  }
}

/** A position before one entry of any level: a leaf entry, or a page that has not been read. */
class PathCursor {
  readonly #reader: PageReader;
  readonly #path: { readonly view: PageView; index: number }[];

  constructor(root: PageView, reader: PageReader) {
    this.#reader = reader;
    this.#path = root.length > 0 ? [{ view: root, index: 0 }] : [];
  }

  get done(): boolean {
    return this.#path.length === 0;
  }

  get level(): number {
    return this.#path.at(-1)!.view.level;
  }

  /** Number of leaf entries below the entry. */
  get weight(): number {
    const { view, index } = this.#path.at(-1)!;
    return view.weights[index + 1]! - view.weights[index]!;
  }

  /** Ordering bytes of the leaf entry. */
  get key(): Uint8Array {
    const { view, index } = this.#path.at(-1)!;
    view.locateKey(index);
    return view.bytes.subarray(view.keyStart, view.keyEnd);
  }

  entry<Role extends KeyedRole>(): LeafEntries[Role] {
    const { view, index } = this.#path.at(-1)!;
    return view.entry<Role>(index);
  }

  sameBytes(other: PathCursor): boolean {
    return compareBytes(this.bytes, other.bytes) === 0;
  }

  sameChild(other: PathCursor): boolean {
    return compareBytes(this.#childBytes(), other.#childBytes()) === 0;
  }

  /** Steps over the entry, and out of pages that it ends. */
  next(): void {
    const path = this.#path;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (++top.index < top.view.length) return;
      path.pop();
    }
  }

  /** Enters the page that it stands before. */
  enter(): void {
    const { view, index } = this.#path.at(-1)!;
    this.#path.push({ view: this.#reader.read(view.childId(index), view.level - 1), index: 0 });
  }

  toLeaf(): void {
    while (this.level > 0) this.enter();
  }

  /** The encoded entry. */
  get bytes(): Uint8Array {
    const { view, index } = this.#path.at(-1)!;
    return view.bytes.subarray(view.offsets[index], view.offsets[index + 1]);
  }

  #childBytes(): Uint8Array {
    const { view, index } = this.#path.at(-1)!;
    const at = view.childOffset(index);
    return view.bytes.subarray(at - LINK_ID_OFFSET, at + 32);
  }
}
