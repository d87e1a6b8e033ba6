import type { CborValue } from '../cbor/value.ts';
import { fail } from '../errors.ts';
import type { PageEntry } from './entry.ts';
import { checkFieldCount, type Fields, readRegistered } from './fields.ts';
import { PAGE_ROLE_NUMBERS, type PageRecord, pageRoleOf } from './page-types.ts';
import { entryValues, readEntries } from './root.ts';

/** Highest level of a page; far above what the record counts of a tree can reach. */
const MAX_PAGE_LEVEL = 15;

/** Yields the fields of a page, checked. */
export function pageFields(page: PageRecord): Fields {
  const entries = checkPageHead(page);
  return [PAGE_ROLE_NUMBERS[page.role], page.level, entryValues(page.role, page.level, entries)];
}

/** Checks everything about a page but its entries, and yields those. */
export function checkPageHead(page: PageRecord): readonly PageEntry[] {
  if (PAGE_ROLE_NUMBERS[page.role] === undefined) fail('page_role');
  checkLevel(page.level);
  const entries: readonly PageEntry[] = page.entries;
  if (!Array.isArray(entries)) fail('field_type', { expected: 'array' });
  // @spec DML-OBJ-1906
  if (entries.length === 0) fail('page_empty');
  return entries;
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
