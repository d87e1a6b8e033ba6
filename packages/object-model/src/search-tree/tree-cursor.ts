import type { PageRole, TreeRoot } from '../records/page-types.ts';
import type { PageSource } from './page-store.ts';
import { PageReader, type PageView, viewEntries } from './page-view.ts';

/** Returns the root page of a tree; an embedded leaf is encoded for it. */
export function rootView<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  reader: PageReader,
): PageView {
  return typeof root === 'string' ? reader.read(root) : viewEntries(role, root);
}

interface Frame {
  readonly view: PageView;
  index: number;
  /** Leaf entries (bytes, for chunks) before the view. */
  readonly before: number;
}

/** A position on one page of one level of a tree; reads that page only when asked. */
export class TreeCursor {
  readonly root: PageView;
  readonly #reader: PageReader;
  #path: Frame[] = [];
  #level = 0;

  constructor(root: PageView, reader: PageReader) {
    this.root = root;
    this.#reader = reader;
  }

  /** Opens a cursor on a tree. */
  static open<Role extends PageRole>(role: Role, root: TreeRoot<Role>, pages: PageSource): TreeCursor {
    const reader = new PageReader(role, pages);
    return new TreeCursor(rootView(role, root, reader), reader);
  }

  /** Moves to the page of `level` that holds the leaf entry at `position`; to the last page when none does. */
  seekPosition(level: number, position: number): void {
    this.#seek(level, (view, before) => {
      const { weights } = view;
      let low = 0;
      let high = view.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (before + weights[middle + 1]! > position) high = middle;
        else low = middle + 1;
      }
      return low;
    });
  }

  /** Moves to the leaf where the key with these ordering bytes stands or would stand. */
  seekKey(key: Uint8Array): void {
    this.#seek(0, (view) => Math.min(view.lowerBound(key), view.length - 1));
  }

  /** Moves to the next page of the level; returns whether there is one. */
  next(): boolean {
    return this.#step(1);
  }

  /** Moves to the previous page of the level; returns whether there is one. */
  previous(): boolean {
    return this.#step(-1);
  }

  /** Leaf entries before the current page. */
  get start(): number {
    const parent = this.#path.at(-1);
    return parent === undefined ? 0 : parent.before + parent.view.weights[parent.index]!;
  }

  /** Leaf entries up to the end of the current page. */
  get end(): number {
    const parent = this.#path.at(-1);
    return parent === undefined ? this.root.weight : parent.before + parent.view.weights[parent.index + 1]!;
  }

  /** True when the current page is the last of its level. */
  get isLast(): boolean {
    return this.#path.every((frame) => frame.index === frame.view.length - 1);
  }

  /** The page above and the entry in it that stands for the current page; undefined on the root. */
  get parent(): { readonly view: PageView; readonly index: number } | undefined {
    return this.#path.at(-1);
  }

  /** Reads the current page. */
  page(): PageView {
    const parent = this.#path.at(-1);
    return parent === undefined
      ? this.root
      : this.#reader.read(parent.view.childId(parent.index), this.#level);
  }

  #seek(level: number, choose: (view: PageView, before: number) => number): void {
    this.#path = [];
    this.#level = level;
    let view = this.root;
    let before = 0;
    while (view.level > level) {
      const index = choose(view, before);
      this.#path.push({ view, index, before });
      before += view.weights[index]!;
      if (view.level - 1 > level) view = this.#reader.read(view.childId(index), view.level - 1);
      else break;
    }
  }

  #step(by: 1 | -1): boolean {
    const path = this.#path;
    let depth = path.length - 1;
    while (depth >= 0) {
      const frame = path[depth]!;
      const index = frame.index + by;
      if (index >= 0 && index < frame.view.length) break;
      depth--;
    }
    if (depth < 0) return false;
    path[depth]!.index += by;
    path.length = depth + 1;
    for (let frame = path[depth]!; frame.view.level - 1 > this.#level; ) {
      const view = this.#reader.read(frame.view.childId(frame.index), frame.view.level - 1);
      const before = frame.before + frame.view.weights[frame.index]!;
      frame = { view, index: by === 1 ? 0 : view.length - 1, before };
      path.push(frame);
    }
    return true;
  }
}
