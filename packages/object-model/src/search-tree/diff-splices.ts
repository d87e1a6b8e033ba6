import { equalBytes, hexOf } from '../bytes.ts';
import type { LeafEntries, PositionalRole, TreeRoot } from '../records/page-types.ts';
import type { TreeSplice } from './edit-tree.ts';
import type { PageSource } from './page-store.ts';
import { PageReader, type PageView } from './page-view.ts';
import { rootView } from './tree-cursor.ts';

/** One entry of any level, and the leaf entries (bytes, for chunks) it stands for. */
interface Item {
  readonly view: PageView;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly weight: number;
}

/**
 * Maximum number of times that a stretch is cut again at anchors.
 *
 * @spec DML-OBJ-2036
 */
const MAX_CUTS = 16;

/** Stretches of both trees that correspond; `start` is where the first one begins. */
interface Stretch {
  readonly before: readonly Item[];
  readonly after: readonly Item[];
  readonly start: number;
}

/**
 * Returns splices, in order, that turn one list into another: treeSplice applies them.
 *
 * Works from the top down: of two pages only what differs is entered. Runs of equal pages and entries are found by
 * their common front and end and by those that occur once on each side, so the splices are short, not always shortest.
 * The cost is O(changes · log n) where changes do not repeat what is elsewhere in the list.
 *
 * @spec DML-OBJ-2017
 */
export function treeSplices<Role extends PositionalRole>(
  role: Role,
  before: TreeRoot<Role>,
  after: TreeRoot<Role>,
  pages: PageSource,
): TreeSplice<Role>[] {
  if (before === after) return [];
  const reader = new PageReader(role, pages);
  const left = rootView(role, before, reader);
  const right = rootView(role, after, reader);
  let { level } = left;
  let stretches: Stretch[] = [{ before: itemsOf(left), after: itemsOf(right), start: 0 }];
  for (; level > right.level; level--) stretches = [enterSide(stretches[0]!, 'before', reader)];
  for (let above = right.level; above > level; above--)
    stretches = [enterSide(stretches[0]!, 'after', reader)];
  for (; ; level--) {
    const parts: Stretch[] = [];
    for (const stretch of stretches) collectDiffering(stretch, MAX_CUTS, parts);
    stretches = parts;
    if (level === 0) return stretches.map((stretch) => spliceOf<Role>(stretch));
    stretches = stretches.map((stretch) => enterSide(enterSide(stretch, 'before', reader), 'after', reader));
  }
}

function itemsOf(view: PageView): Item[] {
  const { weights } = view;
  return Array.from({ length: view.length }, (_, index) => ({
    view,
    index,
    bytes: view.bytes.subarray(view.offsets[index], view.offsets[index + 1]),
    weight: weights[index + 1]! - weights[index]!,
  }));
}

/** Replaces the items of one side by those of the pages they stand for. */
function enterSide(stretch: Stretch, side: 'before' | 'after', reader: PageReader): Stretch {
  const entered = stretch[side].flatMap(({ view, index }) =>
    itemsOf(reader.read(view.childId(index), view.level - 1)),
  );
  return { ...stretch, [side]: entered };
}

/** Appends the parts of a stretch that differ, in order; what is left after `cuts` cuts is one part. */
function collectDiffering({ before, after, start }: Stretch, cuts: number, parts: Stretch[]): void {
  let front = 0;
  const shorter = Math.min(before.length, after.length);
  let at = start;
  while (front < shorter && equalBytes(before[front]!.bytes, after[front]!.bytes))
    at += before[front++]!.weight;
  let back = 0;
  while (back < shorter - front && equalBytes(before.at(-1 - back)!.bytes, after.at(-1 - back)!.bytes))
    back++;
  const left = before.slice(front, before.length - back);
  const right = after.slice(front, after.length - back);
  if (left.length === 0 && right.length === 0) return;
  const canCut = cuts > 0 && left.length > 0 && right.length > 0;
  const anchors = canCut ? commonAnchors(left, right) : [];
  if (anchors.length === 0) {
    parts.push({ before: left, after: right, start: at });
    return;
  }
  let leftFrom = 0;
  let rightFrom = 0;
  for (const [leftAt, rightAt] of [...anchors, [left.length, right.length] as const]) {
    const part = { before: left.slice(leftFrom, leftAt), after: right.slice(rightFrom, rightAt), start: at };
    collectDiffering(part, cuts - 1, parts);
    for (; leftFrom <= leftAt && leftFrom < left.length; leftFrom++) at += left[leftFrom]!.weight;
    rightFrom = rightAt + 1;
  }
}

/** Pairs items that occur exactly once on each side, as many as keep their order. */
function commonAnchors(left: readonly Item[], right: readonly Item[]): (readonly [number, number])[] {
  const leftOnce = onceOnly(left);
  const rightOnce = onceOnly(right);
  const pairs: (readonly [number, number])[] = [];
  for (const [text, leftAt] of leftOnce) {
    const rightAt = rightOnce.get(text) ?? -1;
    if (leftAt >= 0 && rightAt >= 0) pairs.push([leftAt, rightAt]);
  }
  return longestIncreasing(pairs);
}

/** Maps what occurs to where, or to -1 when it occurs again; in order of first occurrence. */
function onceOnly(items: readonly Item[]): Map<string, number> {
  const places = new Map<string, number>();
  items.forEach((item, at) => {
    const text = hexOf(item.bytes);
    places.set(text, places.has(text) ? -1 : at);
  });
  return places;
}

/** Returns the longest subsequence of pairs, sorted by their first members, whose second members increase. */
function longestIncreasing(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length);
  for (let at = 0; at < pairs.length; at++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pairs[tails[middle]!]![1] < pairs[at]![1]) low = middle + 1;
      else high = middle;
    }
    previous[at] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = at;
  }
  const chosen: (readonly [number, number])[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at]!) chosen.push(pairs[at]!);
  return chosen.reverse();
}

function spliceOf<Role extends PositionalRole>({ before, after, start }: Stretch): TreeSplice<Role> {
  return {
    start,
    deleteCount: before.reduce((sum, item) => sum + item.weight, 0),
    insert: after.map(({ view, index }): LeafEntries[Role] => view.entry<Role>(index)),
  };
}
