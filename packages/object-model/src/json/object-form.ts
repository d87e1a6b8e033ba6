import * as z from 'zod';
import type { AnyForm } from './field-form.ts';

/** One field of an object form: its name in JSON, its name in the record, its form. */
export interface NamedField {
  readonly jsonName: string;
  readonly recordName: string;
  readonly form: AnyForm;
  /** Left out on both sides where the record has no value. */
  readonly optional: boolean;
}

/** The fields of one shape of a record, with the literals that select the shape. */
export interface ObjectForm {
  /** Fields with one value, such as the type; the same on both sides. */
  readonly constants: Readonly<Record<string, string>>;
  readonly fields: readonly NamedField[];
}

/** Names a field; in the record it carries the suffix of its type where JSON does not. */
export function field(jsonName: string, recordName: string, form: AnyForm): NamedField {
  return { jsonName, recordName, form, optional: false };
}

/** Returns the schema of a shape; unknown fields are refused. */
export function objectSchema(form: ObjectForm): z.ZodObject {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, value] of Object.entries(form.constants)) shape[name] = z.literal(value);
  for (const { jsonName, form: fieldForm, optional } of form.fields) {
    shape[jsonName] = optional ? fieldForm.schema.optional() : fieldForm.schema;
  }
  return z.strictObject(shape);
}

/** Returns the JSON of a value of this shape. */
export function objectToJson(form: ObjectForm, value: object): Record<string, unknown> {
  const json: Record<string, unknown> = { ...form.constants };
  const members = value as Readonly<Record<string, unknown>>;
  for (const { jsonName, recordName, form: fieldForm, optional } of form.fields) {
    if (optional && members[recordName] === undefined) continue;
    json[jsonName] = fieldForm.toJson(members[recordName]);
  }
  return json;
}

/** Returns the value of this shape out of JSON that its schema accepts. */
export function objectFromJson(form: ObjectForm, json: object): Record<string, unknown> {
  const value: Record<string, unknown> = { ...form.constants };
  const members = json as Readonly<Record<string, unknown>>;
  for (const { jsonName, recordName, form: fieldForm, optional } of form.fields) {
    if (optional && members[jsonName] === undefined) continue;
    value[recordName] = fieldForm.fromJson(members[jsonName]);
  }
  return value;
}
