import * as z from 'zod';
import { bytesOfHex, hexOf } from '../bytes.ts';
import { formatCid, parseCid } from '../cid.ts';
import { fail } from '../errors.ts';
import { ID_BYTES } from '../ids.ts';
import { OBJECT_CLASSES, type ObjectClass } from '../object-class.ts';
import type { PlainForm } from '../records/field-codec.ts';
import { formatBase64, parseBase64 } from './base64.ts';

const CID_TEXT = /^b[a-z2-7]{58}$/;
const linkJson = z.strictObject({ '/': z.string().regex(CID_TEXT) }).meta({ id: 'link' });
const bytesJson = z
  .strictObject({ '/': z.strictObject({ bytes: z.string().regex(/^[A-Za-z0-9+/]*$/) }) })
  .meta({ id: 'bytes' });

/**
 * Returns the form of a link: `{"/": "bafy…"}`.
 *
 * @spec DML-OBJ-2204
 */
export function linkForm(objectClass: ObjectClass): z.ZodType {
  return z.codec(linkJson, z.string(), {
    decode: (json) => {
      const { codec, id } = parseCid(json['/']);
      return (codec === 'raw') === (objectClass === 'chunk') ? id : fail('link_codec');
    },
    encode: (id) => ({ '/': formatCid(objectClass, id as never) }),
  });
}

/**
 * The form of bytes: `{"/": {"bytes": "…"}}`.
 *
 * @spec DML-OBJ-2205
 */
const bytesForm = z.codec(bytesJson, z.custom<Uint8Array>(), {
  decode: (json) => parseBase64(json['/'].bytes) ?? fail('json_form', { field: 'bytes' }),
  encode: (bytes) => ({ '/': { bytes: formatBase64(bytes) } }),
});

/** The form of the 32 bytes of an id or a hash, which records in memory hold as hex. */
const hashForm = z.codec(bytesForm, z.string(), {
  decode: (bytes) =>
    bytes.length === ID_BYTES
      ? hexOf(bytes)
      : fail('id_length', { length: bytes.length, expected: ID_BYTES }),
  encode: (hex) => bytesOfHex(hex) ?? fail('id_form'),
});

/** The form of a text. */
export const textForm: z.ZodType = z.string();
/** The form of an integer from 0 to 2^53-1. */
export const countForm: z.ZodType = z.int().nonnegative();

/**
 * The form of an i64: a number where JSON readers keep it exactly, else decimal text.
 *
 * @spec DML-OBJ-2206
 */
const i64Form = z.codec(z.union([z.int(), z.string().regex(/^-?[1-9][0-9]{15,18}$/)]), z.bigint(), {
  decode: (json) => {
    const value = BigInt(json);
    if (typeof json === 'string' && Number.isSafeInteger(Number(value)))
      fail('json_form', { field: 'value' });
    return value;
  },
  encode: (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()),
});

const NOT_FINITE = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

/**
 * The form of an f64: a number, or the spelling of one that is not finite.
 *
 * @spec DML-OBJ-2207
 */
const f64Form = z.codec(z.union([z.number(), z.enum(['nan', 'inf', '-inf'])]), z.custom<number>(), {
  decode: (json) => (typeof json === 'number' ? json : NOT_FINITE[json]),
  encode: (value) => {
    if (Number.isFinite(value)) return value + 0;
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  },
});

/** Returns the JSON form of a field other than a root. */
export function plainFieldForm(form: PlainForm): z.ZodType {
  const shown = shownForm(form);
  return 'or' in form && form.or === 'null' ? shown.nullable() : shown;
}

function shownForm(form: PlainForm): z.ZodType {
  switch (form.is) {
    case 'link':
      return linkForm(form.to);
    case 'links':
      return z.array(linkForm(form.to));
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
      return z.boolean();
    case 'class':
      return z.enum(OBJECT_CLASSES);
    case 'choice':
      return z.enum(form.names);
    case 'text or uint':
      return z.union([textForm, countForm]);
    default:
      return textForm;
  }
}
