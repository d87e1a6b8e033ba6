import * as z from 'zod';
import type { PageId } from '../ids.ts';
import { isKeyedRole, type PageRole } from '../records/page-types.ts';
import type { Element, ScalarDatum } from '../records/record-types.ts';
import {
  type AnyForm,
  boolForm,
  bytesForm,
  countForm,
  type FieldForm,
  f64Form,
  i64Form,
  linkForm,
  textForm,
} from './field-form.ts';
import { field, type ObjectForm, objectFromJson, objectSchema, objectToJson } from './object-form.ts';

type ValueKind = Exclude<ScalarDatum['kind'], 'null'>;

const VALUE_FORMS: Readonly<Record<ValueKind, AnyForm>> = {
  bool: boolForm,
  i64: i64Form,
  f64: f64Form,
  bytes: bytesForm,
  string: textForm,
  uri: textForm,
};

/** Scalar kind → shape of the inline element; it has no type, which its place tells. */
const ELEMENT_FORMS: Readonly<Record<ScalarDatum['kind'], ObjectForm>> = {
  null: { constants: { kind: 'null' }, fields: [] },
  bool: scalarForm('bool'),
  i64: scalarForm('i64'),
  f64: scalarForm('f64'),
  bytes: scalarForm('bytes'),
  string: scalarForm('string'),
  uri: scalarForm('uri'),
};

function scalarForm(kind: ValueKind): ObjectForm {
  return { constants: { kind }, fields: [field('value', 'value', VALUE_FORMS[kind])] };
}

/** Yields the field of a scalar kind that holds its value. */
export function valueForm(kind: ValueKind): AnyForm {
  return VALUE_FORMS[kind];
}

const datumLink = linkForm('datum');

/**
 * The form of an element: a link, or the scalar without its type.
 *
 * @spec DML-OBJ-2208
 */
const elementForm: FieldForm<Element> = {
  schema: z
    .union([datumLink.schema, z.union(Object.values(ELEMENT_FORMS).map(objectSchema))])
    .meta({ id: 'element' }),
  toJson: (element) =>
    typeof element === 'string'
      ? datumLink.toJson(element)
      : objectToJson(ELEMENT_FORMS[element.kind], element),
  fromJson: (json: object) => {
    if ('/' in json) return datumLink.fromJson(json);
    const { kind } = json as { readonly kind: ScalarDatum['kind'] };
    return { type: 'datum', ...objectFromJson(ELEMENT_FORMS[kind], json) } as unknown as ScalarDatum;
  },
};

const KEY_FORMS: Partial<Record<PageRole, AnyForm>> = {
  set: elementForm,
  map: textForm,
  names: textForm,
  dags: textForm,
  pins: linkForm('node'),
  requests: linkForm('node'),
};

const LEAF_FORMS: Readonly<Record<PageRole, AnyForm>> = {
  list: elementForm,
  set: elementForm,
  map: tupleForm([textForm, elementForm]),
  names: tupleForm([textForm, linkForm('node')]),
  dags: tupleForm([textForm, linkForm('dag')]),
  pins: tupleForm([linkForm('node'), linkForm('exec')]),
  requests: tupleForm([linkForm('node'), linkForm('exec-request')]),
  inputs: linkForm('node'),
  values: linkForm('datum'),
  chunks: tupleForm([linkForm('chunk'), countForm]),
};

/** Yields the form of an entry of a leaf page. */
export function leafEntryForm(role: PageRole): AnyForm {
  return LEAF_FORMS[role];
}

/** Yields the form of an entry of an interior page. */
export function interiorEntryForm(role: PageRole): AnyForm {
  const child = [linkForm('page'), countForm];
  return tupleForm(isKeyedRole(role) ? [KEY_FORMS[role]!, ...child] : child);
}

function tupleForm(forms: readonly AnyForm[]): AnyForm {
  return {
    schema: z.tuple(forms.map((form) => form.schema) as [z.ZodType, ...z.ZodType[]]),
    toJson: (entry: readonly unknown[]) => forms.map((form, at) => form.toJson(entry[at])),
    fromJson: (json: readonly unknown[]) => forms.map((form, at) => form.fromJson(json[at])),
  };
}

/**
 * The form of a root: the array of its entries, or the link to its top page.
 *
 * @spec DML-OBJ-2209
 */
export function rootForm(role: PageRole): AnyForm {
  const page = linkForm('page');
  const entry = leafEntryForm(role);
  return {
    schema: z.union([page.schema, z.array(entry.schema)]),
    toJson: (root: PageId | readonly unknown[]) =>
      typeof root === 'string' ? page.toJson(root) : root.map((each) => entry.toJson(each)),
    fromJson: (json: object) =>
      Array.isArray(json) ? json.map((each) => entry.fromJson(each)) : page.fromJson(json),
  };
}
