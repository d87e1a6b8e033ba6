import * as z from 'zod';
import { type EntryPart, entryParts } from '../records/entry-parts.ts';
import type { PageRole } from '../records/page-types.ts';
import { RECORD_SHAPES } from '../records/record-shapes.ts';
import type { ScalarDatum } from '../records/record-types.ts';
import { countForm, linkForm, plainFieldForm, textForm } from './field-form.ts';

/** The forms of inline elements: each is the datum without its type, which its place implies. */
const scalarForms = RECORD_SHAPES.datum.shapes.flatMap(({ constants, fields }) => {
  const kind = constants.kind as ScalarDatum['kind'];
  const shape: Record<string, z.ZodType> = { kind: z.literal(kind) };
  for (const { name, member, form } of fields)
    if (form.is !== 'root' && member === 'value') shape[name] = plainFieldForm(form);
  if (kind !== 'null' && !('value' in shape)) return [];
  const isOfKind = (value: unknown): boolean => (value as ScalarDatum).kind === kind;
  return z.codec(z.strictObject(shape), z.custom<ScalarDatum>(isOfKind), {
    decode: (json) => ({ type: 'datum', ...json }) as unknown as ScalarDatum,
    encode: ({ type: _, ...members }) => members as never,
  });
});

/**
 * The form of an element: a link, or the scalar without its type.
 *
 * @spec DML-OBJ-2208
 */
const elementForm = z.union([linkForm('datum'), z.union(scalarForms)]).meta({ id: 'element' });

function partForm(part: EntryPart): z.ZodType {
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
export function entryForm(role: PageRole, level: number): z.ZodType {
  const forms = entryParts(role, level).map(partForm);
  return forms.length === 1 ? forms[0]! : z.tuple(forms as [z.ZodType, ...z.ZodType[]]);
}

/**
 * Returns the form of a root: the array of its entries, or the link to its top page.
 *
 * @spec DML-OBJ-2209
 */
export function rootForm(role: PageRole): z.ZodType {
  return z.union([linkForm('page'), z.array(entryForm(role, 0))]);
}
