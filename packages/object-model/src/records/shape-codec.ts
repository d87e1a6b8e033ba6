import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { readField, writeField } from './field-codec.ts';
import { checkFieldCount, type Fields, readRegistered } from './fields.ts';
import {
  RECORD_SHAPES,
  type RecordField,
  type RecordShape,
  type ShapedType,
  shapeOf,
} from './record-shapes.ts';
import { readRoot, writeRoot } from './root.ts';

type Members = Record<string, unknown>;

/** Writes a record of a type with fixed places, from its array head on, each field checked. */
export function writeShape(target: CborWriter, type: ShapedType, record: object, version: number): void {
  const shape = shapeOf(type, record) ?? fail(RECORD_SHAPES[type].selector?.other ?? 'record_type');
  const members = record as Members;
  const count = fieldCount(shape, members);
  target.byte(0x82 + count);
  target.byte(version);
  target.byte(RECORD_TYPE_NUMBERS[type]);
  for (let at = 0; at < count; at++) writeMember(target, shape.fields[at]!, members);
  shape.check?.(record as never);
}

/** Writes the field of a record. */
export function writeMember(target: CborWriter, { form, member }: RecordField, members: Members): void {
  if (form.is === 'root') writeRoot(target, form.role, members[member]);
  else writeField(target, form, members[member]);
}

/** Reads a record of a type with fixed places from its fields. */
export function readShape(type: ShapedType, fields: Fields): object {
  const shape = shapeAt(type, fields);
  checkFieldCount(fields, shape.minFields, shape.fields.length);
  const record: Members = { ...shape.blank };
  for (let at = 0; at < fields.length; at++) {
    const { form, member } = shape.fields[at]!;
    const value = form.is === 'root' ? readRoot(form.role, fields[at]) : readField(form, fields[at]);
    if (value !== undefined) record[member] = value;
  }
  shape.check?.(record as never);
  return record;
}

function shapeAt(type: ShapedType, fields: Fields): RecordShape {
  const { shapes, selector } = RECORD_SHAPES[type];
  if (selector === undefined) return shapes[0]!;
  const { at, byNumber, other } = selector;
  return byNumber[readRegistered(fields[at], byNumber.length - 1, other)] ?? fail(other);
}

function fieldCount({ fields, minFields }: RecordShape, members: Members): number {
  const { length } = fields;
  return minFields < length && members[fields[length - 1]!.member] === undefined ? minFields : length;
}
