import type { CborValue } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import type { PageEntry } from './entry.ts';
import { checkFieldCount, type Fields, readRegistered } from './fields.ts';
import { PAGE_ROLE_NUMBERS, type PageRecord, pageRoleOf } from './page-types.ts';
import { readEntries, writeEntries } from './root.ts';

/** Highest level of a page; far above what the record counts of a tree can reach. */
export const MAX_PAGE_LEVEL = 15;

/** Writes a page from its array head on, checked. */
export function writePage(target: CborWriter, page: PageRecord, version: number): void {
  const roleNumber = PAGE_ROLE_NUMBERS[page.role] ?? fail('page_role');
  const level = checkLevel(page.level);
  const entries: readonly PageEntry[] = page.entries;
  if (!Array.isArray(entries)) fail('field_type', { expected: 'array' });
  // @spec DML-OBJ-1906
  if (entries.length === 0) fail('page_empty');
  target.byte(0x85);
  target.byte(version);
  target.byte(RECORD_TYPE_NUMBERS.page);
  target.byte(roleNumber);
  target.byte(level);
  writeEntries(target, page.role, level, entries);
}

/** Reads a page from its fields. */
export function readPage(fields: Fields): PageRecord {
  checkFieldCount(fields, 3);
  const highest = Object.keys(PAGE_ROLE_NUMBERS).length;
  const role = pageRoleOf(readRegistered(fields[0], highest, 'page_role')) ?? fail('page_role');
  const level = checkLevel(fields[1]);
  const entries = readEntries(role, level, fields[2]);
  if (entries.length === 0) fail('page_empty');
  return { type: 'page', role, level, entries } as PageRecord;
}

// @spec DML-OBJ-1903
function checkLevel(level: CborValue | undefined): number {
  if (typeof level === 'bigint') fail('page_level');
  if (typeof level !== 'number') fail('field_type', { expected: 'integer' });
  if (!Number.isInteger(level) || level < 0 || level > MAX_PAGE_LEVEL) fail('page_level');
  return level;
}
