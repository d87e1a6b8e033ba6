import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfVector } from '../vector-case.ts';
import { VECTOR_CASES } from '../vector-files.ts';
import { DocumentReader, Refusal } from './document-reader.ts';
import { readDocumentTables } from './document-tables.ts';

const tables = readDocumentTables(join(import.meta.dirname, '../../../../specs/10-object-model.md'));
const reader = new DocumentReader(tables);

/** Details that the tables decide by themselves; others need the text of a requirement. */
const DECIDED: ReadonlySet<string> = new Set([
  'record_form',
  'format_version',
  'newer_version',
  'record_type',
  'newer_type',
  'unexpected_type',
  'excised',
  'withheld',
  'newer_kind',
  'datum_kind',
  'node_kind',
  'page_role',
  'element_kind',
  'exec_node_kind',
  'exec_status',
  'exec_builtin_fields',
  'object_class',
  'field_count',
  'field_type',
  'link_codec',
]);

const records = VECTOR_CASES.filter(({ operation }) => operation === 'record');
const decided = VECTOR_CASES.filter(
  ({ operation, error }) => operation === 'decode' && DECIDED.has(error!.detail),
);

function detailOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.detail;
    throw error;
  }
}

describe('the tables of the document', () => {
  it('name every type, kind and role that occurs in the vectors', () => {
    const shapes = new Set(records.map(({ value }) => shapeOf(value as Record<string, unknown>)));
    for (const type of tables.places.keys()) if (type !== 'exec') expect([...shapes], type).toContain(type);
    for (const kind of tables.kinds.get('datum')!.keys()) expect([...shapes]).toContain(`datum ${kind}`);
    for (const kind of tables.kinds.get('node')!.keys()) expect([...shapes]).toContain(`node ${kind}`);
    for (const role of tables.roles.keys()) expect([...shapes]).toContain(`page ${role}`);
    expect(shapes).toContain('exec call');
    expect(shapes).toContain('exec builtin');
  });

  it.each(records)('make the JSON form and the links of: $name', ({ hex, value, links }) => {
    const read = reader.read(bytesOfVector(hex!));
    expect(read.json).toEqual(value);
    expect(read.links).toEqual(links);
  });

  it.each(decided)('refuse: $name', ({ hex, expected, error }) => {
    expect(detailOf(() => reader.read(bytesOfVector(hex!), expected))).toBe(error!.detail);
  });
});

function shapeOf({ type, kind, role, nodeKind }: Record<string, unknown>): string {
  return [type, kind ?? role ?? nodeKind].filter((part) => part !== undefined).join(' ');
}
