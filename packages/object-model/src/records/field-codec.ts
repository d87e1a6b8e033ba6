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
import { checkText } from '../text/text.ts';
import { checkUri } from '../text/uri.ts';
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
import { checkDomain, checkRemote } from './uri-fields.ts';
import { formatUuid, parseUuid } from './uuid.ts';

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
