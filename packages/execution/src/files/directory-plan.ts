import {
  type DatumId,
  type DirectoryChange,
  type PageSource,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import type { ChangedRange } from './known-directories.ts';
import type { TakenEntries } from './taken-entries.ts';

/** Plan for making a directory of entries. */
export interface DirectoryPlan {
  readonly changes: readonly DirectoryChange[];
  /** Remembered datums that are not known to be there. */
  readonly rememberedDatumIds: readonly DatumId[];
}

/** Plans a directory that is like none that is known. */
export function planWhole(taken: TakenEntries): DirectoryPlan {
  return { changes: [], rememberedDatumIds: [...rememberedIn(taken, { from: 0, to: taken.count })] };
}

/** Plans a directory as changes of one that is like it in all but some ranges. */
export function planChanges(
  taken: TakenEntries,
  ranges: readonly ChangedRange[],
  root: TreeRoot<'map'>,
  pages: PageSource,
): DirectoryPlan {
  const changes: DirectoryChange[] = [];
  const rememberedDatumIds: DatumId[] = [];
  for (const range of ranges) {
    const before = entriesBetween(root, taken, range, pages);
    for (let number = range.from; number < range.to; number += 1) {
      const path = taken.path(number);
      const element = before.get(path);
      before.delete(path);
      if (element !== undefined && element === taken.plainDatumId(number)) continue;
      changes.push({ set: taken.entry(number) });
      rememberedDatumIds.push(...rememberedIn(taken, { from: number, to: number + 1 }));
    }
    for (const path of before.keys()) changes.push({ deletePath: path });
  }
  return { changes, rememberedDatumIds };
}

/** Elements of a directory by their paths, between the neighbours that a range has in it. */
function entriesBetween(
  root: TreeRoot<'map'>,
  taken: TakenEntries,
  { from, to }: ChangedRange,
  pages: PageSource,
): Map<string, unknown> {
  const fromKey = from > 0 ? taken.path(from - 1) : undefined;
  const beforeKey = to < taken.count ? taken.path(to) : undefined;
  const range = { ...(fromKey !== undefined && { fromKey }), ...(beforeKey !== undefined && { beforeKey }) };
  const found = new Map<string, unknown>(treeEntries('map', root, pages, range));
  if (fromKey !== undefined) found.delete(fromKey);
  return found;
}

function* rememberedIn(taken: TakenEntries, { from, to }: ChangedRange): Generator<DatumId> {
  for (let number = from; number < to; number += 1) {
    const datumId = taken.rememberedDatumId(number);
    if (datumId !== undefined) yield datumId;
  }
}
