import { checkCanonical, decodeJson, encodeCanonicalJson, type JsonValue } from './canonical-json.ts';
import { checkFields, checkSchema, type FieldForm, isExactly } from './fields.ts';

/** Fields of one kind of value on a remote, in addition to the schema and type that every value has. */
export interface ValueForm {
  readonly type: string;
  readonly fields: Readonly<Record<string, FieldForm>>;
  /** Rules between fields; throws `remote_value_invalid`. */
  check?(value: Readonly<Record<string, unknown>>): void;
}

type Fields = Readonly<Record<string, JsonValue>>;

/**
 * Returns the canonical bytes of a value from its fields.
 *
 * Throws `remote_value_invalid` when the value breaks a rule.
 */
export function encodeValue(form: ValueForm, fields: Fields): Uint8Array {
  const value = { schema: 1, type: form.type, ...fields };
  checkValue(form, value);
  return encodeCanonicalJson(value, form.type);
}

/**
 * Returns the fields of a value from its canonical bytes.
 *
 * Throws `remote_value_invalid` with the broken rule, or `remote_schema_newer`.
 */
export function decodeValue(form: ValueForm, bytes: Uint8Array): Fields {
  const value = decodeJson(bytes, form.type);
  checkSchema(form.type, value);
  checkValue(form, value);
  const { schema: _schema, type: _type, ...fields } = value;
  checkCanonical(form.type, bytes, encodeValue(form, fields));
  return fields;
}

function checkValue(form: ValueForm, value: unknown): asserts value is Fields {
  checkFields(form.type, value, { schema: isExactly(1), type: isExactly(form.type), ...form.fields });
  form.check?.(value);
}
