import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { CborWriter } from '../cbor/writer.ts';
import type { RecordType } from '../object-class.ts';
import { PAGE_MIN_BYTES } from '../search-tree/boundary.ts';
import { LINK_ID_OFFSET } from '../search-tree/element-bytes.ts';
import { LevelBuilder } from '../search-tree/level-builder.ts';
import { DATUM_KIND_NUMBERS } from './datum-kind.ts';
import { checkHeader, decodeRecord } from './decode-record.ts';
import { entryParts } from './entry-parts.ts';
import { NODE_KIND_NUMBERS } from './node-kind.ts';
import { MAX_PAGE_LEVEL } from './page.ts';
import { isKeyedRole, type PageRole, pageRoleOf } from './page-types.ts';
import { isLiteral, isShortCall } from './template.ts';
import { isRecordLink } from './template-reader.ts';

/**
 * Throws what {@link decodeRecord} throws for bytes that it refuses, and returns the type of a record.
 *
 * Makes nothing of literals, calls, texts in ASCII and pages of links, of which most stores are made.
 */
export function checkRecord(bytes: Uint8Array, expected?: RecordType): RecordType {
  const type = checkHeader(bytes, expected);
  if (!isPlain(bytes, type)) decodeRecord(bytes, type);
  return type;
}

/** Checks whether bytes with a good header are a record that is told from its bytes alone; false for any doubt. */
function isPlain(bytes: Uint8Array, type: RecordType): boolean {
  switch (type) {
    case 'node':
      return bytes[3] === NODE_KIND_NUMBERS.literal ? isLiteral(bytes) : isShortCall(bytes);
    case 'datum':
      return bytes[3] === DATUM_KIND_NUMBERS.string && isAsciiText(bytes);
    case 'page':
      return isPageOfLinks(bytes);
    default:
      return false;
  }
}

/** Checks for `[1, 2, 6, text]` with a text of ASCII alone, which is in every form that a text may have to be in. */
function isAsciiText(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x84) return false;
  const first = bytes[4]!;
  let start = 5;
  let length = first - 0x60;
  if (first === 0x78) {
    start = 6;
    length = bytes[5]! < 24 ? -1 : bytes[5]!;
  } else if (first === 0x79) {
    start = 7;
    length = bytes[5]! === 0 ? -1 : bytes[5]! * 256 + bytes[6]!;
  } else if (length > 23) return false;
  if (length < 0 || start + length !== bytes.length) return false;
  for (let at = start; at < bytes.length; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}

/** Longer pages end with few large entries, or are too long. */
const MAX_PLAIN_PAGE_BYTES = 32_768;
/** Roles whose entries are links and numbers. */
const LINK_ROLES: ReadonlySet<PageRole | undefined> = new Set<PageRole>([
  'list',
  'pins',
  'requests',
  'inputs',
  'values',
]);
const scratch = new CborWriter();

/** Checks for a page whose entries are links to records, and counts behind them above leaves. */
function isPageOfLinks(bytes: Uint8Array): boolean {
  const role = pageRoleOf(bytes[3]!);
  const level = bytes[4]!;
  if (bytes[0] !== 0x85 || bytes.length > MAX_PLAIN_PAGE_BYTES || level > MAX_PAGE_LEVEL) return false;
  if (role === undefined || !LINK_ROLES.has(role)) return false;
  const linkCount = entryParts(role, level).length - (level > 0 ? 1 : 0);
  const isArray = linkCount > 1 || level > 0;
  const isKeyed = isKeyedRole(role);
  let at = 6;
  let count = bytes[5]! - 0x80;
  if (bytes[5] === 0x98) {
    at = 7;
    count = bytes[6]! < 24 ? 0 : bytes[6]!;
  } else if (bytes[5] === 0x99) {
    at = 8;
    count = bytes[6] === 0 ? 0 : bytes[6]! * 256 + bytes[7]!;
  } else if (count > 23) return false;
  if (count < 1) return false;
  const builder = new LevelBuilder(role, level, () => {}, scratch);
  const mayEnd = bytes.length >= PAGE_MIN_BYTES;
  let previous = 0;
  for (let entry = 0; entry < count; entry++) {
    const start = at;
    if (isArray && bytes[at++] !== 0x80 + linkCount + (level > 0 ? 1 : 0)) return false;
    const key = at;
    for (let link = 0; link < linkCount; link++, at += LINK_BYTES) if (!isRecordLink(bytes, at)) return false;
    if (level > 0) at = behindCount(bytes, at);
    if (at > bytes.length) return false;
    if (isKeyed && entry > 0 && !isIdBefore(bytes, previous, key)) return false;
    previous = key;
    if (!mayEnd) continue;
    if (entry > 0 && builder.atPageStart) return false;
    builder.pass(bytes, start, at);
  }
  return at === bytes.length;
}

/** Returns the offset behind a count from 1 to 65,535, and one behind the end where another item stands there. */
function behindCount(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first > 0 && first < 24) return at + 1;
  if (first === 0x18 && bytes[at + 1]! >= 24) return at + 2;
  if (first === 0x19 && bytes[at + 1]! > 0) return at + 3;
  return bytes.length + 1;
}

/** Checks whether the id of one link is below that of another. */
function isIdBefore(bytes: Uint8Array, left: number, right: number): boolean {
  for (let at = LINK_ID_OFFSET; at < LINK_BYTES; at++) {
    const difference = bytes[left + at]! - bytes[right + at]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
