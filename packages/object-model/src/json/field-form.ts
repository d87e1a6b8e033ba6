import * as z from 'zod';
import { bytesOfHex, hexOf } from '../bytes.ts';
import { formatCid, parseCid } from '../cid.ts';
import { fail } from '../errors.ts';
import { ID_BYTES, type ObjectIds } from '../ids.ts';
import { OBJECT_CLASSES, type ObjectClass } from '../object-class.ts';
import type { PlainForm } from '../records/field-codec.ts';
import { formatBase64, parseBase64 } from './base64.ts';

/** JSON form of one field: its schema, and the conversions between the record's value and JSON. */
export interface FieldForm<Value> {
  readonly schema: z.ZodType;
  toJson(value: Value): unknown;
  fromJson(json: unknown): Value;
}

/** The form of a field of any value type. */
export type AnyForm = FieldForm<unknown>;

const CID_TEXT = /^b[a-z2-7]{58}$/;
const linkSchema: z.ZodType = z.strictObject({ '/': z.string().regex(CID_TEXT) }).meta({ id: 'link' });
const bytesSchema: z.ZodType = z
  .strictObject({ '/': z.strictObject({ bytes: z.string().regex(/^[A-Za-z0-9+/]*$/) }) })
  .meta({ id: 'bytes' });

/** A link as JSON has it. */
interface JsonLink {
  readonly '/': string;
}
/** Bytes as JSON has them. */
interface JsonBytes {
  readonly '/': { readonly bytes: string };
}

/**
 * Returns the form of a link: `{"/": "bafy…"}`.
 *
 * @spec DML-OBJ-2204
 */
export function linkForm<Class extends ObjectClass>(objectClass: Class): FieldForm<ObjectIds[Class]> {
  return {
    schema: linkSchema,
    toJson: (id) => ({ '/': formatCid(objectClass, id) }),
    fromJson: (json: JsonLink) => {
      const { codec, id } = parseCid(json['/']);
      if ((codec === 'raw') !== (objectClass === 'chunk')) fail('link_codec');
      return id as ObjectIds[Class];
    },
  };
}

/** Returns the form of a field that may be null. */
function nullable<Value>(form: FieldForm<Value>): FieldForm<Value | null> {
  return {
    schema: form.schema.nullable(),
    toJson: (value) => (value === null ? null : form.toJson(value)),
    fromJson: (json) => (json === null ? null : form.fromJson(json)),
  };
}

/** Returns the form of an array. */
export function arrayForm(entry: AnyForm): FieldForm<readonly unknown[]> {
  return {
    schema: z.array(entry.schema),
    toJson: (entries) => entries.map((each) => entry.toJson(each)),
    fromJson: (json: readonly unknown[]) => json.map((each) => entry.fromJson(each)),
  };
}

/**
 * The form of bytes: `{"/": {"bytes": "…"}}`.
 *
 * @spec DML-OBJ-2205
 */
const bytesForm: FieldForm<Uint8Array> = {
  schema: bytesSchema,
  toJson: (value) => ({ '/': { bytes: formatBase64(value) } }),
  fromJson: (json: JsonBytes) => parseBase64(json['/'].bytes) ?? fail('json_form', { field: 'bytes' }),
};

/** The form of the 32 bytes of an id or a hash, which records in memory hold as hex. */
const hashForm: FieldForm<string> = {
  schema: bytesSchema,
  toJson: (value) => bytesForm.toJson(bytesOfHex(value) ?? fail('id_form')),
  fromJson: (json) => {
    const bytes = bytesForm.fromJson(json);
    if (bytes.length !== ID_BYTES) fail('id_length', { length: bytes.length, expected: ID_BYTES });
    return hexOf(bytes);
  },
};

function plainForm<Value>(schema: z.ZodType<Value>): FieldForm<Value> {
  return { schema, toJson: (value) => value, fromJson: (json) => json as Value };
}

/** The form of a text. */
export const textForm: FieldForm<string> = plainForm(z.string());
/** The form of a truth value. */
const boolForm: FieldForm<boolean> = plainForm(z.boolean());
/** The form of an integer from 0 to 2^53-1. */
export const countForm: FieldForm<number> = plainForm(z.int().nonnegative());
/** The form of a value that is a text or a count. */
const textOrCountForm: FieldForm<string | number> = plainForm(z.union([z.string(), z.int().nonnegative()]));

/** Returns the form of one of a few texts. */
function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
): FieldForm<Values[number]> {
  return plainForm(z.enum(values) as z.ZodType<Values[number]>);
}

/**
 * The form of an i64: a number where JSON readers keep it exactly, else decimal text.
 *
 * @spec DML-OBJ-2206
 */
const i64Form: FieldForm<bigint> = {
  schema: z.union([z.int(), z.string().regex(/^-?[1-9][0-9]{15,18}$/)]),
  toJson: (value) => {
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value.toString();
  },
  fromJson: (json: number | string) => {
    const value = BigInt(json);
    if (typeof json === 'string' && Number.isSafeInteger(Number(value)))
      fail('json_form', { field: 'value' });
    return value;
  },
};

/**
 * The form of an f64: a number, or the spelling of one that is not finite.
 *
 * @spec DML-OBJ-2207
 */
const f64Form: FieldForm<number> = {
  schema: z.union([z.number(), z.enum(['nan', 'inf', '-inf'])]),
  toJson: (value) => {
    if (Number.isFinite(value)) return value + 0;
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  },
  fromJson: (json: number | string) => {
    if (typeof json === 'number') return json;
    return json === 'nan' ? Number.NaN : json === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  },
};

/** Returns the JSON form of a field other than a root. */
export function plainFieldForm(form: PlainForm): AnyForm {
  const shown = shownForm(form);
  return 'or' in form && form.or === 'null' ? nullable(shown) : shown;
}

function shownForm(form: PlainForm): AnyForm {
  switch (form.is) {
    case 'link':
      return linkForm(form.to);
    case 'links':
      return arrayForm(linkForm(form.to));
    case 'uint':
      return countForm;
    case 'i64':
      return i64Form;
    case 'f64':
      return f64Form;
    case 'bytes':
      return bytesForm;
    case 'hash':
      return hashForm;
    case 'bool':
      return boolForm;
    case 'class':
      return oneOf(OBJECT_CLASSES as unknown as readonly [string, ...string[]]);
    case 'choice':
      return oneOf(form.names as unknown as readonly [string, ...string[]]);
    case 'text or uint':
      return textOrCountForm;
    default:
      return textForm;
  }
}
