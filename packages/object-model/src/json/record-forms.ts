import * as z from 'zod';
import { RECORD_TYPE_NUMBERS, type RecordType } from '../object-class.ts';
import { PAGE_ROLE_NUMBERS, type PageRole } from '../records/page-types.ts';
import { RECORD_SHAPES, type RecordField, type RecordShape } from '../records/record-shapes.ts';
import { entryForm, rootForm } from './entry-form.ts';
import { plainFieldForm } from './field-form.ts';
import { type ObjectForm, objectForm } from './object-form.ts';

/** Returns the JSON form of a shape: its places but for those that its constants or nothing fill. */
function shapeForm({ constants, fields }: RecordShape): ObjectForm {
  const shown = fields.filter(({ form }) => form.is !== 'selector' && form.is !== 'nothing');
  return objectForm(constants, shown, shown.map(fieldForm));
}

function fieldForm({ form }: RecordField): z.ZodType {
  if (form.is === 'root') return rootForm(form.role);
  const plain = plainFieldForm(form);
  return form.is === 'link' && form.or === 'absent' ? plain.optional() : plain;
}

function page(role: PageRole, level: 0 | 1): ObjectForm {
  const names = ['level', 'entries'].map((name) => ({ name, member: name }));
  const levelForm = level === 0 ? z.literal(0) : z.int().positive();
  return objectForm({ type: 'page', role }, names, [levelForm, z.array(entryForm(role, level))]);
}

/**
 * Record type → its shapes in JSON.
 *
 * @spec DML-OBJ-2202
 */
export const RECORD_FORMS: Readonly<Record<RecordType, readonly ObjectForm[]>> = Object.fromEntries(
  (Object.keys(RECORD_TYPE_NUMBERS) as RecordType[]).map((type) => [
    type,
    type === 'page'
      ? (Object.keys(PAGE_ROLE_NUMBERS) as PageRole[]).flatMap((role) => [page(role, 0), page(role, 1)])
      : RECORD_SHAPES[type].shapes.map(shapeForm),
  ]),
) as unknown as Record<RecordType, readonly ObjectForm[]>;
