import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { PAGE_MIN_BYTES, PAGE_MIN_ENTRIES } from '../search-tree/boundary.ts';
import { LevelBuilder } from '../search-tree/level-builder.ts';
import { type PageEntry, writeEntry } from './entry.ts';
import type { PageRole, TreeRoot } from './page-types.ts';
import type { AnyRecord } from './record-types.ts';
import { shapeOf } from './shape-codec.ts';

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
  else if (record.type !== 'datum') checkShapedEnds(record);
  else if (record.kind === 'blob') checkRoot('chunks', record.root);
  else if (record.kind === 'list' || record.kind === 'set' || record.kind === 'map')
    checkRoot(record.kind, record.root);
}

function checkShapedEnds(record: Exclude<AnyRecord, { readonly type: 'datum' | 'page' }>): void {
  const members = record as unknown as Record<string, unknown>;
  for (const { member, form } of shapeOf(record.type, members).fields)
    if (form.is === 'root') checkRoot(form.role, members[member] as TreeRoot);
}

function checkRoot(role: PageRole, root: TreeRoot): void {
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
