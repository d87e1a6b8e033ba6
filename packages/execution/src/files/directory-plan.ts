import {
  type DatumId,
  type DirectoryChange,
  type DirectoryEntry,
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
  return { changes: [], rememberedDatumIds: [...taken.rememberedIn(0, taken.all.length)] };
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
      const entry = taken.all[number] as DirectoryEntry;
      const element = before.get(entry.path);
      before.delete(entry.path);
      const isSame = entry.kind === 'file' && !entry.isExecutable && element === entry.blobDatumId;
      if (isSame) continue;
      changes.push({ set: entry });
      rememberedDatumIds.push(...taken.rememberedIn(number, number + 1));
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
  const fromKey = taken.all[from - 1]?.path;
  const beforeKey = taken.all[to]?.path;
  const range = { ...(fromKey !== undefined && { fromKey }), ...(beforeKey !== undefined && { beforeKey }) };
  const found = new Map<string, unknown>(treeEntries('map', root, pages, range));
  if (fromKey !== undefined) found.delete(fromKey);
  return found;
}
