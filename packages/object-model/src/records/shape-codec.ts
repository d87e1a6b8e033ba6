import type { CborValue } from '../cbor/value.ts';
import { fail } from '../errors.ts';
import {
  HIGHEST_TYPE_NUMBER,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
  objectClassOf,
} from '../object-class.ts';
import { checkName } from '../text/name.ts';
import { checkText } from '../text/text.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  hexField,
  linkTo,
  optionalLinkTo,
  readArray,
  readCount,
  readHex,
  readLink,
  readOptionalLink,
  readRegistered,
  readText,
} from './fields.ts';
import { type FieldForm, RECORD_SHAPES, type RecordShape, type ShapedType } from './record-shapes.ts';
import { checkRefName } from './ref-name.ts';
import { readRoot, rootValue } from './root.ts';
import { checkDomain, checkRemote } from './uri-fields.ts';
import { formatUuid, parseUuid } from './uuid.ts';

type Members = Record<string, unknown>;

/** Returns the fields of a record of a type with fixed places, each checked. */
export function shapeFields(type: ShapedType, record: object): Fields {
  const members = record as Members;
  return shapeOf(type, members).fields.map(({ member, form }) => fieldValue(form, members[member]));
}

/** Reads a record of a type with fixed places from its fields. */
export function readShape(type: ShapedType, fields: Fields): object {
  const shape = shapeAt(type, fields);
  checkFieldCount(fields, shape.fields.length);
  const record: Members = { ...shape.constants };
  shape.fields.forEach(({ member, form }, at) => {
    const value = readField(form, fields[at]);
    if (value !== undefined) record[member] = value;
  });
  return record;
}

/** Returns the shape of a record in memory, which its constants choose. */
export function shapeOf(type: ShapedType, members: Members): RecordShape {
  const { shapes, other } = RECORD_SHAPES[type];
  const found = shapes.find((shape) =>
    Object.entries(shape.constants).every(([name, value]) => members[name] === value),
  );
  return found ?? fail(other ?? 'record_type');
}

/** Returns the shape of a record's fields, which its selector chooses. */
function shapeAt(type: ShapedType, fields: Fields): RecordShape {
  const { shapes, selectorAt, other } = RECORD_SHAPES[type];
  if (selectorAt === undefined) return shapes[0]!;
  const numbers = shapes.map((shape) => selectorNumber(shape, selectorAt));
  const number = readRegistered(fields[selectorAt], Math.max(...numbers), other!);
  return shapes[numbers.indexOf(number)] ?? fail(other!);
}

/** Returns the number that selects a shape. */
export function selectorNumber(shape: RecordShape, selectorAt: number): number {
  const { form } = shape.fields[selectorAt]!;
  return form.is === 'selector' ? form.number : fail('record_form');
}

function fieldValue(form: FieldForm, value: unknown): CborValue {
  switch (form.is) {
    case 'link':
      return form.orNull ? optionalLinkTo(form.to, value as never) : linkTo(form.to, value as never);
    case 'links':
      return checkDistinct(value, form.most).map((id) => linkTo(form.to, id as never));
    case 'root':
      return rootValue(form.role, value as never);
    case 'uint':
      return value === null && form.orNull ? null : checkCount(value);
    case 'text':
      return checkText(value, form.maxBytes);
    case 'hash':
      return hexField(value, 32);
    case 'uuid':
      return parseUuid(value);
    case 'bool':
      return checkBool(value);
    case 'name':
      return checkName(value);
    case 'ref name':
      return checkRefName(value);
    case 'remote':
      return value === null ? null : checkRemote(value);
    case 'domain':
      return checkDomain(value, form.maxBytes);
    case 'class':
      return OBJECT_CLASS_NUMBERS[value as ObjectClass] ?? fail('object_class');
    case 'text or uint':
      return typeof value === 'string' ? checkText(value) : checkCount(value);
    case 'choice':
      return form.numbers[value as string] ?? fail(form.other);
    case 'selector':
      return form.number;
    case 'nothing':
      return form.as === 'array' ? [] : null;
  }
}

function readField(form: FieldForm, value: CborValue | undefined): unknown {
  switch (form.is) {
    case 'link':
      return form.orNull ? readOptionalLink(value, form.to) : readLink(value, form.to);
    case 'links':
      return checkDistinct(
        readArray(value).map((each) => readLink(each, form.to)),
        form.most,
      );
    case 'root':
      return readRoot(form.role, value);
    case 'uint':
      return value === null && form.orNull ? null : readCount(value);
    case 'text':
      return readText(value, form.maxBytes);
    case 'hash':
      return readHex(value, 32);
    case 'uuid':
      return formatUuid(readHex(value, 16));
    case 'bool':
      return checkBool(value);
    case 'name':
      return checkName(readText(value));
    case 'ref name':
      return checkRefName(value);
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
      return readChoice(form.numbers, value, form.other);
    case 'selector':
      return undefined;
    case 'nothing':
      return readNothing(form, value);
  }
}

function readChoice(
  numbers: Readonly<Record<string, number>>,
  value: CborValue | undefined,
  other: Parameters<typeof fail>[0],
): string {
  const number = readRegistered(value, Math.max(...Object.values(numbers)), other);
  return Object.keys(numbers).find((name) => numbers[name] === number) ?? fail(other);
}

function readNothing(
  { as, other }: Extract<FieldForm, { is: 'nothing' }>,
  value: CborValue | undefined,
): undefined {
  const isNothing = as === 'array' ? Array.isArray(value) && value.length === 0 : value === null;
  if (!isNothing) fail(other);
}

function checkBool(value: unknown): boolean {
  return typeof value === 'boolean' ? value : fail('field_type', { expected: 'bool' });
}

function checkDistinct(ids: unknown, most: number): readonly string[] {
  if (!Array.isArray(ids)) fail('field_type', { expected: 'array' });
  if (ids.length > most) fail('parent_count', { count: ids.length, most });
  // @spec DML-OBJ-1404
  if (new Set(ids).size !== ids.length) fail('parents_repeat');
  return ids;
}
