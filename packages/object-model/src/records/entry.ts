import { CHUNK_MAX_BYTES } from '../blob/blob-chunker.ts';
import { type CborValue, CODEC_DAG_CBOR, CODEC_RAW } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { checkMapKey, checkName } from '../text/name.ts';
import { readElement, writeElement } from './element.ts';
import { type EntryPart, entryParts } from './entry-parts.ts';
import { checkCount, readArray, readCount, readLink } from './fields.ts';
import type { InteriorEntry, LeafEntry, PageRole } from './page-types.ts';
import type { Element } from './record-types.ts';

/** An entry of any page, leaf or interior. */
export type PageEntry = LeafEntry | InteriorEntry;

/** Writes an entry, checked. */
export function writeEntry(target: CborWriter, role: PageRole, level: number, entry: PageEntry): void {
  writeParts(target, entryParts(role, level), entry);
}

/** Writes an entry of these members, checked. */
export function writeParts(target: CborWriter, parts: readonly EntryPart[], entry: PageEntry): void {
  if (parts.length === 1) return writePart(target, parts[0]!, entry);
  if (!Array.isArray(entry)) fail('field_type', { expected: 'entry' });
  if (entry.length !== parts.length) fail('entry_form');
  target.byte(0x80 | parts.length);
  for (let at = 0; at < parts.length; at++) writePart(target, parts[at]!, entry[at]);
}

/** Writes one part of an entry, checked. */
export function writePart(target: CborWriter, part: EntryPart, value: unknown): void {
  switch (part.is) {
    case 'link':
      return target.link(part.to === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR, value as string);
    case 'element':
      return writeElement(target, value as Element);
    case 'map key':
      return target.text(checkMapKey(value));
    case 'dag name':
      return target.text(checkName(value));
    case 'node name':
      return target.text(checkNodeName(value));
    case 'count':
      return target.head(0, checkEntryCount(value));
    case 'chunk length':
      return target.head(0, checkChunkLength(value));
  }
}

/** Reads an entry, its order not yet checked. */
export function readEntry(role: PageRole, level: number, value: CborValue): PageEntry {
  const parts = entryParts(role, level);
  if (parts.length === 1) return readPart(parts[0]!, value) as PageEntry;
  const fields = readArray(value);
  // @spec DML-OBJ-1904
  if (fields.length !== parts.length) fail('entry_form', { count: fields.length, expected: parts.length });
  return parts.map((part, at) => readPart(part, fields[at]!)) as unknown as PageEntry;
}

function readPart(part: EntryPart, value: CborValue): unknown {
  switch (part.is) {
    case 'link':
      return readLink(value, part.to);
    case 'element':
      return readElement(value);
    case 'map key':
      return checkMapKey(value);
    case 'dag name':
      return checkName(value);
    case 'node name':
      return checkNodeName(value);
    case 'count':
      return checkEntryCount(readCount(value));
    case 'chunk length':
      return checkChunkLength(readCount(value));
  }
}

function checkNodeName(value: unknown): string {
  const name = checkName(value);
  // @spec DML-OBJ-1304
  if (name === 'root') fail('root_name_reserved');
  return name;
}

/**
 * Checks a count below an entry or a chunk length, which are never zero.
 *
 * @spec DML-OBJ-1907
 */
function checkEntryCount(value: unknown): number {
  const count = checkCount(value);
  return count > 0 ? count : fail('entry_form');
}

function checkChunkLength(value: unknown): number {
  const lengthBytes = checkEntryCount(value);
  // @spec DML-OBJ-1912
  return lengthBytes <= CHUNK_MAX_BYTES ? lengthBytes : fail('entry_form', { maxBytes: CHUNK_MAX_BYTES });
}

/** Returns the key of an entry: the entry itself in a set leaf, else its first member. */
export function entryKey(role: PageRole, level: number, entry: PageEntry): unknown {
  return role === 'set' && level === 0 ? entry : (entry as readonly unknown[])[0];
}
