import * as z from 'zod';
import type { PageId } from '../ids.ts';
import { type EntryPart, entryParts } from '../records/entry-parts.ts';
import type { PageRole } from '../records/page-types.ts';
import { RECORD_SHAPES } from '../records/record-shapes.ts';
import type { Element, ScalarDatum } from '../records/record-types.ts';
import {
  type AnyForm,
  arrayForm,
  countForm,
  type FieldForm,
  linkForm,
  plainFieldForm,
  textForm,
} from './field-form.ts';
import { field, type ObjectForm, objectFromJson, objectSchema, objectToJson } from './object-form.ts';

/** Scalar kind → shape of the inline element: the datum without its type, which its place implies. */
const ELEMENT_FORMS = new Map<string, ObjectForm>();
for (const { constants, fields } of RECORD_SHAPES.datum.shapes) {
  const kind = constants.kind!;
  const shown: ObjectForm['fields'][number][] = [];
  for (const { name, member, form } of fields)
    if (form.is !== 'root' && member === 'value') shown.push(field(name, member, plainFieldForm(form)));
  if (kind === 'null' || shown.length > 0) ELEMENT_FORMS.set(kind, { constants: { kind }, fields: shown });
}

const datumLink = linkForm('datum');

/**
 * The form of an element: a link, or the scalar without its type.
 *
 * @spec DML-OBJ-2208
 */
const elementForm: FieldForm<Element> = {
  schema: z
    .union([datumLink.schema, z.union([...ELEMENT_FORMS.values()].map(objectSchema))])
    .meta({ id: 'element' }),
  toJson: (element) =>
    typeof element === 'string'
      ? datumLink.toJson(element)
      : objectToJson(ELEMENT_FORMS.get(element.kind)!, element),
  fromJson: (json: object) => {
    if ('/' in json) return datumLink.fromJson(json);
    const { kind } = json as { readonly kind: ScalarDatum['kind'] };
    return { type: 'datum', ...objectFromJson(ELEMENT_FORMS.get(kind)!, json) } as unknown as ScalarDatum;
  },
};

function partForm(part: EntryPart): AnyForm {
  switch (part.is) {
    case 'link':
      return linkForm(part.to);
    case 'element':
      return elementForm;
    case 'map key':
    case 'node name':
    case 'dag name':
      return textForm;
    case 'count':
    case 'chunk length':
      return countForm;
  }
}

/** Returns the form of an entry of a page. */
export function entryForm(role: PageRole, level: number): AnyForm {
  const forms = entryParts(role, level).map(partForm);
  if (forms.length === 1) return forms[0]!;
  return {
    schema: z.tuple(forms.map((form) => form.schema) as [z.ZodType, ...z.ZodType[]]),
    toJson: (entry: readonly unknown[]) => forms.map((form, at) => form.toJson(entry[at])),
    fromJson: (json: readonly unknown[]) => forms.map((form, at) => form.fromJson(json[at])),
  };
}

/**
 * Returns the form of a root: the array of its entries, or the link to its top page.
 *
 * @spec DML-OBJ-2209
 */
export function rootForm(role: PageRole): AnyForm {
  const page = linkForm('page');
  const entries = arrayForm(entryForm(role, 0));
  return {
    schema: z.union([page.schema, entries.schema]),
    toJson: (root: PageId | readonly unknown[]) =>
      typeof root === 'string' ? page.toJson(root) : entries.toJson(root),
    fromJson: (json: object) => (Array.isArray(json) ? entries.fromJson(json) : page.fromJson(json)),
  };
}
