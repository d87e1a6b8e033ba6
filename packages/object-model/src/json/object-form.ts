import * as z from 'zod';
import type { RecordField } from '../records/record-shapes.ts';

type Members = Readonly<Record<string, unknown>>;

/** The JSON form of one shape of a record. */
export interface ObjectForm {
  /** Fields with one value, such as the type, that select the shape; the same on both sides. */
  readonly constants: Readonly<Record<string, string>>;
  readonly form: z.ZodType;
}

/**
 * Returns the form of a shape; unknown fields are refused. A field may have another name in the record, which says
 * the type of an id and the unit of a number.
 */
export function objectForm(
  constants: ObjectForm['constants'],
  fields: readonly Pick<RecordField, 'name' | 'member'>[],
  forms: readonly z.ZodType[],
): ObjectForm {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, value] of Object.entries(constants)) shape[name] = z.literal(value);
  for (const [at, { name }] of fields.entries()) shape[name] = forms[at] as z.ZodType;
  const renamed = (value: object, from: 'name' | 'member', to: 'name' | 'member'): Members => {
    const members = value as Members;
    const result: Record<string, unknown> = { ...constants };
    for (const field of fields)
      if (members[field[from]] !== undefined) result[field[to]] = members[field[from]];
    return result;
  };
  const form = z.codec(z.strictObject(shape), z.custom<object>(), {
    decode: (json) => renamed(json, 'name', 'member'),
    encode: (value) => renamed(value, 'member', 'name'),
  });
  return { constants, form };
}
