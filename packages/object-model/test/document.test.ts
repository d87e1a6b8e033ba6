import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  OBJECT_CLASS_NUMBERS,
  OBJECT_CLASSES,
  objectClassOf,
  PAGE_ROLE_NUMBERS,
  type PageRole,
  RECORD_TYPE_NUMBERS,
} from '../src/index.ts';
import { entryParts } from '../src/records/entry-parts.ts';
import {
  type FieldForm,
  RECORD_SHAPES,
  type RecordField,
  type RecordShape,
  type ShapedType,
} from '../src/records/record-shapes.ts';

type Row = readonly string[];

/** The tables of the document, each with its heading as the first row, without the marks of code. */
const tables: readonly (readonly Row[])[] = readFileSync(
  join(import.meta.dirname, '../../../specs/10-object-model.md'),
  'utf8',
)
  .split(/\n(?!\|)/)
  .map((block) => block.split('\n').filter((line) => line.startsWith('|') && !/^\|[-|]+\|$/.test(line)))
  .filter((lines) => lines.length > 0)
  .map((lines) =>
    lines.map((line) =>
      line
        .replaceAll('`', '')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  );

function rowsOf(...heading: Row): readonly Row[] {
  const found = tables.filter(([first]) => heading.every((cell, at) => first![at] === cell));
  expect(found.length, heading.join()).toBeGreaterThan(0);
  return found.flatMap((table) => table.slice(1));
}

/** Words a form as the document does. */
function worded(form: FieldForm): string {
  const orNull = 'or' in form && form.or === 'null' ? ' or null' : '';
  switch (form.is) {
    case 'link':
      return `link to ${form.to}${form.or === 'absent' ? ', or the record ends before it' : orNull}`;
    case 'links':
      return `links to ${form.to}`;
    case 'root':
      return `root of ${form.role}`;
    case 'choice':
      return form.names.map((name, at) => `${at + 1} = ${name}`).join(', ');
    case 'i64':
      return 'int';
    case 'f64':
      return 'float';
    case 'remote':
    case 'domain':
      return `uri${orNull}`;
    default:
      return `${form.is}${orNull}`;
  }
}

function numberOf({ form }: RecordField): number | undefined {
  return form.is === 'selector' ? form.number : undefined;
}

/** Words a place of an exec, which its two shapes share. */
function wordedOfExec(ofCall: RecordField, ofBuiltin: RecordField): string {
  if (ofCall.form.is === 'selector') return `${numberOf(ofCall)} = call, ${numberOf(ofBuiltin)} = builtin`;
  const [call, builtin] = [worded(ofCall.form), worded(ofBuiltin.form)];
  if (call === builtin || ofBuiltin.form.is === 'nothing') return call;
  return `${call} for a call, ${builtin} for a builtin`;
}

it('the document has the type numbers and classes of the code [DML-OBJ-0204] [DML-OBJ-0205]', () => {
  const rows = rowsOf('type', 'number', 'version', 'content-addressed');
  expect(rows.map(([type, number]) => [type, Number(number)])).toEqual(Object.entries(RECORD_TYPE_NUMBERS));
  const classes = rows.filter((row) => row[3] === 'yes').map(([type, number]) => [type, Number(number)]);
  const all = [...classes, ['chunk', 12]].sort(([, left], [, right]) => Number(left) - Number(right));
  expect(all).toEqual(Object.entries(OBJECT_CLASS_NUMBERS));
  for (const each of OBJECT_CLASSES) expect(objectClassOf(OBJECT_CLASS_NUMBERS[each])).toBe(each);
});

it.each(Object.keys(RECORD_SHAPES).filter((type) => type !== 'datum' && type !== 'node') as ShapedType[])(
  'the document has the places of the %s in the code',
  (type) => {
    const [shape, other] = RECORD_SHAPES[type].shapes as [RecordShape, RecordShape | undefined];
    const places = shape.fields.map((field, at) => {
      const form = other === undefined ? worded(field.form) : wordedOfExec(field, other.fields[at]!);
      return [String(at + 2), field.name, form];
    });
    expect(rowsOf(type, 'field', 'form')).toEqual(places);
  },
);

it('the document has the kinds and their places of the code [DML-OBJ-1001] [DML-OBJ-1201]', () => {
  const shapes = [...RECORD_SHAPES.datum.shapes, ...RECORD_SHAPES.node.shapes];
  const kinds = shapes.map(({ constants, fields }) => [
    constants.kind,
    String(numberOf(fields[0]!)),
    ...fields.slice(1).map(({ name, form }) => `${name}: ${worded(form)}`),
  ]);
  expect(rowsOf('kind', 'number').map((row) => row.filter((cell) => cell !== '–'))).toEqual(kinds);
});

it('the document has the roles and their entries of the code [DML-OBJ-1901]', () => {
  const words: Readonly<Record<string, string>> = {
    'map key': 'key',
    'node name': 'name',
    'dag name': 'name',
    'chunk length': 'length in bytes',
  };
  const entry = (role: PageRole, level: number): string => {
    const parts = entryParts(role, level).map((part) => {
      if (part.is === 'link') return `link to ${part.to}`;
      return part.is === 'count' && role === 'chunks' ? 'length in bytes' : (words[part.is] ?? part.is);
    });
    return parts.length === 1 ? parts[0]! : `[${parts.join(', ')}]`;
  };
  const roles = Object.entries(PAGE_ROLE_NUMBERS).map(([role, number]) => [
    role,
    String(number),
    entry(role as PageRole, 0),
    entry(role as PageRole, 1),
  ]);
  expect(rowsOf('role', 'number', 'leaf entry', 'interior entry')).toEqual(roles);
});
