import * as z from 'zod';
import { RECORD_TYPE_NUMBERS, type RecordType } from '../object-class.ts';
import { PAGE_ROLE_NUMBERS, type PageRole } from '../records/page-types.ts';
import { RECORD_SHAPES, type RecordField, type RecordShape } from '../records/record-shapes.ts';
import { entryForm, rootForm } from './entry-form.ts';
import { arrayForm, type FieldForm, plainFieldForm } from './field-form.ts';
import { field, type NamedField, type ObjectForm } from './object-form.ts';

/** Returns the JSON form of a shape: its places but for those that its constants or nothing fill. */
function shapeForm({ constants, fields }: RecordShape): ObjectForm {
  const shown = fields.filter(({ form }) => form.is !== 'selector' && form.is !== 'nothing');
  return { constants, fields: shown.map(namedField) };
}

function namedField({ name, member, form }: RecordField): NamedField {
  if (form.is === 'root') return field(name, member, rootForm(form.role));
  const optional = form.is === 'link' && form.or === 'absent';
  return { ...field(name, member, plainFieldForm(form)), optional };
}

function page(role: PageRole, level: 'leaf' | 'interior'): ObjectForm {
  const entries = arrayForm(entryForm(role, level === 'leaf' ? 0 : 1));
  return {
    constants: { type: 'page', role },
    fields: [field('level', 'level', levelForm(level)), field('entries', 'entries', entries)],
  };
}

function levelForm(level: 'leaf' | 'interior'): FieldForm<number> {
  const schema = level === 'leaf' ? z.literal(0) : z.int().positive();
  return { schema, toJson: (value) => value, fromJson: (json) => json as number };
}

const PAGE_FORMS: readonly ObjectForm[] = (Object.keys(PAGE_ROLE_NUMBERS) as PageRole[]).flatMap((role) => [
  page(role, 'leaf'),
  page(role, 'interior'),
]);

/**
 * Record type → its shapes in JSON.
 *
 * @spec DML-OBJ-2202
 */
export const RECORD_FORMS: Readonly<Record<RecordType, readonly ObjectForm[]>> = Object.fromEntries(
  (Object.keys(RECORD_TYPE_NUMBERS) as RecordType[]).map((type) => [
    type,
    type === 'page' ? PAGE_FORMS : RECORD_SHAPES[type].shapes.map(shapeForm),
  ]),
) as Record<RecordType, readonly ObjectForm[]>;
