import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { PAGE_MIN_BYTES, PAGE_MIN_ENTRIES } from '../search-tree/boundary.ts';
import { LevelBuilder } from '../search-tree/level-builder.ts';
import { type PageEntry, writeEntry } from './entry.ts';
import type { PageRole } from './page-types.ts';
import { recordRoots } from './record-links.ts';
import type { AnyRecord } from './record-types.ts';

const scratch = new CborWriter();

/**
 * Throws `invalid_bounds` with `page_end` where a page or embedded leaf of a record, which takes `recordBytes`, goes
 * on behind an entry that ends it.
 *
 * @spec DML-OBJ-1908
 */
export function checkPageEnds(record: AnyRecord, recordBytes: number): void {
  if (recordBytes < PAGE_MIN_BYTES) return;
  if (record.type === 'page') checkEnds(record.role, record.level, record.entries);
  for (const { role, root } of recordRoots(record))
    if (typeof root !== 'string') checkEnds(role, 0, root as readonly PageEntry[]);
}

function checkEnds(role: PageRole, level: number, entries: readonly PageEntry[]): void {
  if (entries.length <= PAGE_MIN_ENTRIES) return;
  const builder = new LevelBuilder(role, level, ({ count }) => fail('page_end', { count }), scratch);
  for (const entry of entries) {
    builder.prepare();
    const start = scratch.length;
    writeEntry(scratch, role, level, entry);
    builder.added(start, 1);
  }
}
