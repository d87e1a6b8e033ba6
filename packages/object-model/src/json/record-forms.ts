import * as z from 'zod';
import { OBJECT_CLASSES, RECORD_TYPE_NUMBERS, type RecordType } from '../object-class.ts';
import { PAGE_ROLE_NUMBERS, type PageRole } from '../records/page-types.ts';
import {
  type FieldForm as PlaceForm,
  RECORD_SHAPES,
  type RecordShape,
  type ShapedType,
} from '../records/record-shapes.ts';
import { interiorEntryForm, leafEntryForm, rootForm, valueForm } from './entry-form.ts';
import {
  type AnyForm,
  boolForm,
  countForm,
  type FieldForm,
  hashForm,
  linkForm,
  nullable,
  oneOf,
  textForm,
  textOrCountForm,
} from './field-form.ts';
import { field, type ObjectForm, optionalField } from './object-form.ts';

function datum(kind: string, ...fields: ObjectForm['fields']): ObjectForm {
  return { constants: { type: 'datum', kind }, fields };
}

/** Returns the JSON form of a shape: its places but for those that its constants or nothing fill. */
function shapeForm({ constants, fields }: RecordShape): ObjectForm {
  const shown = fields.filter(({ form }) => form.is !== 'selector' && form.is !== 'nothing');
  return { constants, fields: shown.map(({ name, member, form }) => field(name, member, jsonForm(form))) };
}

function jsonForm(form: PlaceForm): AnyForm {
  switch (form.is) {
    case 'link':
      return form.orNull ? nullable(linkForm(form.to)) : linkForm(form.to);
    case 'links':
      return arrayForm(linkForm(form.to));
    case 'root':
      return rootForm(form.role);
    case 'uint':
      return form.orNull ? nullable(countForm) : countForm;
    case 'hash':
      return hashForm;
    case 'bool':
      return boolForm;
    case 'class':
      return oneOf(OBJECT_CLASSES as unknown as readonly [string, ...string[]]);
    case 'choice':
      return oneOf(Object.keys(form.numbers) as [string, ...string[]]);
    case 'remote':
      return nullable(textForm);
    case 'text or uint':
      return textOrCountForm;
    default:
      return textForm;
  }
}

function page(role: PageRole, level: 'leaf' | 'interior'): ObjectForm {
  const entry = level === 'leaf' ? leafEntryForm(role) : interiorEntryForm(role);
  return {
    constants: { type: 'page', role },
    fields: [field('level', 'level', levelForm(level)), field('entries', 'entries', arrayForm(entry))],
  };
}

function levelForm(level: 'leaf' | 'interior'): FieldForm<number> {
  const schema = level === 'leaf' ? z.literal(0) : z.int().positive();
  return { schema, toJson: (value) => value, fromJson: (json) => json as number };
}

function arrayForm(entry: AnyForm): FieldForm<readonly unknown[]> {
  return {
    schema: z.array(entry.schema),
    toJson: (entries) => entries.map((each) => entry.toJson(each)),
    fromJson: (json: readonly unknown[]) => json.map((each) => entry.fromJson(each)),
  };
}

const PAGE_ROLES = Object.keys(PAGE_ROLE_NUMBERS) as PageRole[];

const UNSHAPED: Readonly<Record<Exclude<RecordType, ShapedType>, readonly ObjectForm[]>> = {
  datum: [
    datum('null'),
    datum('bool', field('value', 'value', valueForm('bool'))),
    datum('i64', field('value', 'value', valueForm('i64'))),
    datum('f64', field('value', 'value', valueForm('f64'))),
    datum('bytes', field('value', 'value', valueForm('bytes'))),
    datum('string', field('value', 'value', valueForm('string'))),
    datum(
      'uri',
      field('value', 'value', valueForm('uri')),
      optionalField('attachment', 'attachmentDatumId', linkForm('datum')),
    ),
    datum('list', field('root', 'root', rootForm('list'))),
    datum('set', field('root', 'root', rootForm('set'))),
    datum('map', field('root', 'root', rootForm('map'))),
    datum(
      'blob',
      field('sizeBytes', 'sizeBytes', countForm),
      field('contentSha256', 'contentSha256', hashForm),
      field('root', 'root', rootForm('chunks')),
    ),
  ],
  page: PAGE_ROLES.flatMap((role) => [page(role, 'leaf'), page(role, 'interior')]),
};

/**
 * Record type → its shapes in JSON.
 *
 * @spec DML-OBJ-2202
 */
export const RECORD_FORMS: Readonly<Record<RecordType, readonly ObjectForm[]>> = Object.fromEntries(
  Object.keys(RECORD_TYPE_NUMBERS).map((type) => [
    type,
    Object.hasOwn(RECORD_SHAPES, type)
      ? RECORD_SHAPES[type as ShapedType].shapes.map(shapeForm)
      : UNSHAPED[type as 'datum' | 'page'],
  ]),
) as Record<RecordType, readonly ObjectForm[]>;
