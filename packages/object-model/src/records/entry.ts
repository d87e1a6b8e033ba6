import { CHUNK_MAX_BYTES } from '../blob/blob-chunker.ts';
import { type CborValue, CODEC_DAG_CBOR, CODEC_RAW } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import type { ObjectClass } from '../object-class.ts';
import { checkMapKey, checkName } from '../text/name.ts';
import { elementValue, readElement, writeElement } from './element.ts';
import { checkCount, type Fields, linkTo, readArray, readCount, readLink } from './fields.ts';
import { type InteriorEntry, isKeyedRole, type LeafEntry, type PageRole } from './page-types.ts';
import type { Element } from './record-types.ts';

/** An entry of any page, leaf or interior. */
export type PageEntry = LeafEntry | InteriorEntry;

/** Role → class of the value links in its leaf entries. */
const VALUE_CLASSES = {
  names: 'node',
  dags: 'dag',
  pins: 'exec',
  requests: 'exec-request',
} as const satisfies Partial<Record<PageRole, ObjectClass>>;

/** Role → class of the links that are its leaf entries. */
const MEMBER_CLASSES = { inputs: 'node', values: 'datum' } as const;

/** Yields the value of an entry, checked. */
export function entryValue(role: PageRole, level: number, entry: PageEntry): CborValue {
  if (level > 0) {
    const fields = tuple(entry, isKeyedRole(role) ? 3 : 2);
    const child = [linkTo('page', fields.at(-2) as never), checkEntryCount(fields.at(-1))];
    return isKeyedRole(role) ? [keyValue(role, fields[0]), ...child] : child;
  }
  switch (role) {
    case 'list':
    case 'set':
      return elementValue(entry as Element);
    case 'inputs':
    case 'values':
      return linkTo(MEMBER_CLASSES[role], entry as never);
    case 'map': {
      const [mapKey, element] = tuple(entry, 2);
      return [checkMapKey(mapKey), elementValue(element as Element)];
    }
    case 'chunks': {
      const [chunkId, lengthBytes] = tuple(entry, 2);
      return [linkTo('chunk', chunkId as never), checkChunkLength(lengthBytes)];
    }
    default: {
      const [key, id] = tuple(entry, 2);
      return [keyValue(role, key), linkTo(VALUE_CLASSES[role], id as never)];
    }
  }
}

function keyValue(role: PageRole, key: unknown): CborValue {
  if (role === 'set') return elementValue(key as Element);
  if (role === 'map') return checkMapKey(key);
  if (role === 'names' || role === 'dags') return checkEntryName(role, key);
  return linkTo('node', key as never);
}

function checkEntryName(role: 'names' | 'dags', name: unknown): string {
  const text = checkName(name);
  // @spec DML-OBJ-1304
  if (role === 'names' && text === 'root') fail('root_name_reserved');
  return text;
}

function tuple(entry: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(entry)) fail('field_type', { expected: 'entry' });
  if (entry.length !== length) fail('entry_form');
  return entry;
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

/** Reads an entry, its order not yet checked. */
export function readEntry(role: PageRole, level: number, value: CborValue): PageEntry {
  if (level > 0) {
    const keyed = isKeyedRole(role);
    const fields = entryFields(value, keyed ? 3 : 2);
    const pageId = readLink(fields[keyed ? 1 : 0], 'page');
    const count = checkEntryCount(readCount(fields[keyed ? 2 : 1]));
    return (keyed ? [readKey(role, fields[0]!), pageId, count] : [pageId, count]) as InteriorEntry;
  }
  switch (role) {
    case 'list':
    case 'set':
      return readElement(value);
    case 'inputs':
    case 'values':
      return readLink(value, MEMBER_CLASSES[role]);
    case 'map': {
      const fields = entryFields(value, 2);
      return [readKey(role, fields[0]!) as string, readElement(fields[1])];
    }
    case 'chunks': {
      const fields = entryFields(value, 2);
      return [readLink(fields[0], 'chunk'), checkChunkLength(readCount(fields[1]))];
    }
    default: {
      const fields = entryFields(value, 2);
      return [readKey(role, fields[0]!), readLink(fields[1], VALUE_CLASSES[role])] as unknown as PageEntry;
    }
  }
}

function readKey(role: PageRole, value: CborValue): unknown {
  if (role === 'set') return readElement(value);
  if (role === 'pins' || role === 'requests') return readLink(value, 'node');
  if (typeof value !== 'string') fail('field_type', { expected: 'text' });
  return role === 'map' ? checkMapKey(value) : checkEntryName(role as 'names' | 'dags', value);
}

function entryFields(value: CborValue, length: number): Fields {
  const fields = readArray(value);
  // @spec DML-OBJ-1904
  if (fields.length !== length) fail('entry_form', { count: fields.length, expected: length });
  return fields;
}

/** Writes an entry, checked; agrees byte for byte with the encoding of {@link entryValue}. */
export function writeEntry(target: CborWriter, role: PageRole, level: number, entry: PageEntry): void {
  if (level > 0) {
    const keyed = isKeyedRole(role);
    const fields = tuple(entry, keyed ? 3 : 2);
    target.head(4, fields.length);
    if (keyed) writeKey(target, role, fields[0]);
    target.link(CODEC_DAG_CBOR, fields[keyed ? 1 : 0] as string);
    target.head(0, checkEntryCount(fields[keyed ? 2 : 1]));
    return;
  }
  if (role === 'list' || role === 'set') writeElement(target, entry as Element);
  else if (role === 'inputs' || role === 'values') target.link(CODEC_DAG_CBOR, entry as string);
  else {
    const [first, second] = tuple(entry, 2);
    target.head(4, 2);
    if (role === 'chunks') {
      target.link(CODEC_RAW, first as string);
      target.head(0, checkChunkLength(second));
    } else {
      writeKey(target, role, first);
      if (role === 'map') writeElement(target, second as Element);
      else target.link(CODEC_DAG_CBOR, second as string);
    }
  }
}

function writeKey(target: CborWriter, role: PageRole, key: unknown): void {
  if (role === 'set') writeElement(target, key as Element);
  else if (role === 'map') target.text(checkMapKey(key));
  else if (role === 'names' || role === 'dags') target.text(checkEntryName(role, key));
  else target.link(CODEC_DAG_CBOR, key as string);
}

/** Yields the key of an entry: the entry itself in a set leaf, else its first member. */
export function entryKey(role: PageRole, level: number, entry: PageEntry): unknown {
  return role === 'set' && level === 0 ? entry : (entry as readonly unknown[])[0];
}
