import { type CborValue, CODEC_DAG_CBOR } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import {
  HIGHEST_TYPE_NUMBER,
  OBJECT_CLASS_NUMBERS,
  OBJECT_CLASSES,
  type ObjectClass,
  objectClassOf,
} from '../object-class.ts';
import { checkName } from '../text/name.ts';
import { parseRemoteUri } from '../text/remote-uri.ts';
import { checkText } from '../text/text.ts';
import { checkUri } from '../text/uri.ts';
import { utf8Length } from '../text/utf8.ts';
import {
  checkBool,
  checkCount,
  hexField,
  readArray,
  readCount,
  readHex,
  readLink,
  readRegistered,
} from './fields.ts';
import { checkI64, readF64, readI64, writeF64 } from './numbers.ts';
import type { FieldForm } from './record-shapes.ts';
import { checkRefName } from './ref-name.ts';

/** Form of a field other than a root, which holds entries. */
export type PlainForm = Exclude<FieldForm, { readonly is: 'root' }>;

/** Writes a field, checked. */
export function writeField(target: CborWriter, form: PlainForm, value: unknown): void {
  switch (form.is) {
    case 'selector':
      return target.byte(form.number);
    case 'link':
      if (value === null && form.or === 'null') return target.byte(0xf6);
      return target.link(CODEC_DAG_CBOR, value as string);
    case 'links':
      return writeLinks(target, value, form.max);
    case 'uint':
      if (value === null && form.or === 'null') return target.byte(0xf6);
      return target.head(0, checkCount(value));
    case 'bool':
      return target.byte(checkBool(value) ? 0xf5 : 0xf4);
    case 'i64':
      return target.integer(checkI64(value));
    case 'f64':
      return writeF64(target, value);
    case 'bytes':
      return target.byteString(
        2,
        value instanceof Uint8Array ? value : fail('field_type', { expected: 'bytes' }),
      );
    case 'text':
      return target.text(checkText(value, form.maxBytes));
    case 'hash':
      return target.byteString(2, hexField(value, 32));
    case 'uuid':
      return target.byteString(2, parseUuid(value));
    case 'name':
      return target.text(checkName(value));
    case 'ref name':
      return target.text(checkRefName(value));
    case 'uri':
      return target.text(checkUri(value));
    case 'remote':
      return value === null ? target.byte(0xf6) : target.text(checkRemote(value));
    case 'domain':
      return target.text(checkDomain(value, form.maxBytes));
    case 'class':
      return target.byte(classNumber(value));
    case 'text or uint':
      return typeof value === 'string' ? target.text(checkText(value)) : target.head(0, checkCount(value));
    case 'choice':
      return target.byte(form.names.indexOf(value as string) + 1 || fail(form.other));
    case 'nothing':
      return target.byte(form.as === 'array' ? 0x80 : 0xf6);
  }
}

/** Reads a field; undefined for one that stands for nothing in memory. */
export function readField(form: PlainForm, value: CborValue | undefined): unknown {
  switch (form.is) {
    case 'link':
      return value === null && form.or === 'null' ? null : readLink(value, form.to);
    case 'links':
      return checkDistinct(
        readArray(value).map((each) => readLink(each, form.to)),
        form.max,
      );
    case 'uint':
      return value === null && form.or === 'null' ? null : readCount(value);
    case 'bool':
      return checkBool(value);
    case 'i64':
      return readI64(value);
    case 'f64':
      return readF64(value);
    case 'bytes':
      return value instanceof Uint8Array ? value : fail('field_type', { expected: 'bytes' });
    case 'text':
      return checkText(value, form.maxBytes);
    case 'hash':
      return readHex(value, 32);
    case 'uuid':
      return formatUuid(readHex(value, 16));
    case 'name':
      return checkName(value);
    case 'ref name':
      return checkRefName(value);
    case 'uri':
      return checkUri(value);
    case 'remote':
      return value === null ? null : checkRemote(value);
    case 'domain':
      return checkDomain(value, form.maxBytes);
    case 'class':
      // @spec DML-OBJ-1802
      return (
        objectClassOf(readRegistered(value, HIGHEST_TYPE_NUMBER, 'object_class')) ?? fail('object_class')
      );
    case 'text or uint':
      return typeof value === 'string' ? checkText(value) : readCount(value);
    case 'choice':
      return readChoice(form, value);
    case 'selector':
      return undefined;
    case 'nothing':
      return readNothing(form, value);
  }
}

function classNumber(name: unknown): number {
  const isClass = OBJECT_CLASSES.indexOf(name as ObjectClass) >= 0;
  return isClass ? OBJECT_CLASS_NUMBERS[name as ObjectClass] : fail('object_class');
}

function readChoice(form: Extract<FieldForm, { is: 'choice' }>, value: CborValue | undefined): string {
  const number = readRegistered(value, form.names.length, form.other);
  return form.names[number - 1] ?? fail(form.other);
}

function readNothing(form: Extract<FieldForm, { is: 'nothing' }>, value: CborValue | undefined): undefined {
  const isNothing = form.as === 'array' ? Array.isArray(value) && value.length === 0 : value === null;
  if (!isNothing) fail(form.other);
}

function writeLinks(target: CborWriter, ids: unknown, max: number): void {
  const links = checkDistinct(ids, max);
  target.head(4, links.length);
  for (const id of links) target.link(CODEC_DAG_CBOR, id);
}

function checkDistinct(ids: unknown, max: number): readonly string[] {
  if (!Array.isArray(ids)) fail('field_type', { expected: 'array' });
  if (ids.length > max) fail('parent_count', { count: ids.length, max });
  // @spec DML-OBJ-1404
  if (new Set(ids).size !== ids.length) fail('parents_repeat');
  return ids;
}

/**
 * Checks the URI of a Repository Remote.
 * Throws what `checkUri` throws, and `invalid_payload` with `remote_uri_form` and the broken rule.
 */
function checkRemote(value: unknown): string {
  const uri = checkUri(value);
  // @spec DML-OBJ-1602
  parseRemoteUri(uri, (rule) => fail('remote_uri_form', { rule }));
  return uri;
}

/** Checks the URI that names a domain. Throws what `checkUri` throws, and `invalid_bounds` with `text_length`. */
function checkDomain(value: unknown, maxBytes: number): string {
  const uri = checkUri(value);
  if (utf8Length(uri) > maxBytes) fail('text_length', { maxBytes });
  return uri;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Returns the 16 bytes of a UUID in its 36-character lowercase form. Throws `invalid_payload` with `uuid_form`. */
function parseUuid(uuid: unknown): Uint8Array {
  // @spec DML-OBJ-1603
  if (typeof uuid !== 'string' || !UUID.test(uuid)) fail('uuid_form');
  return hexField(uuid.replaceAll('-', ''), 16);
}

/** Returns the 36-character form of a UUID from its 32 hex digits. */
function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
