import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import { definedIds, recordedText } from './recorded-text.ts';
import type { IndexedRequirement } from './requirement-index.ts';
import { parseSpecDocument, type Requirement } from './spec-document.ts';

const SPECS = join(import.meta.dirname, '../../../specs');
const PATH = 'specs/10-object-model.md';

function recordOf({
  id,
  level,
  section,
  fingerprint,
}: Pick<Requirement, 'id' | 'level' | 'section' | 'fingerprint'>): IndexedRequirement {
  return { id, level, section, fingerprint, reviewed: fingerprint, state: 'open', owners: [], tests: [] };
}

function textIn(document: string, section = 'names', text = 'Names MUST be sorted.'): string | undefined {
  const record = recordOf({ id: 'DML-OBJ-0001', level: 'MUST', section, fingerprint: fingerprint(text) });
  return recordedText({ path: PATH, text: document }, record);
}

describe('recordedText', () => {
  it('is what the parser reads, for every requirement of this repository', () => {
    const documents = readdirSync(SPECS).filter((name) => /^\d\d-.*\.md$/.test(name));
    expect(documents.length).toBeGreaterThan(5);
    for (const name of documents) {
      const file = { path: `specs/${name}`, text: readFileSync(join(SPECS, name), 'utf8') };
      for (const requirement of parseSpecDocument(file).requirements)
        expect(recordedText(file, recordOf(requirement)), requirement.id).toBe(requirement.text);
    }
  });

  it.each([
    ['one line', '# Names\n- [DML-OBJ-0001] Names MUST be sorted.\n'],
    ['wrapped lines', '# Names\n\n- [DML-OBJ-0001] Names\n  MUST be\n  sorted.\n- [DML-OBJ-0002] A MAY.\n'],
    [
      'marks',
      '## Names\n\n* [DML-OBJ-0001] {exception: no codec;\n  until 2027-01-31} Names MUST be sorted.',
    ],
    ['carriage returns', '# Names\r\n\r\n- [DML-OBJ-0001] Names MUST\r\n  be sorted.\r\n\r\nMore.\r\n'],
    [
      'an item inside',
      '# Names\n- a\n  - [DML-OBJ-0001] Names MUST be sorted.\n    - [DML-OBJ-0002] A MAY.\n',
    ],
  ])('is found by %s', (_, document) => {
    expect(textIn(document)).toBe('Names MUST be sorted.');
  });

  it('is found below a heading that is repeated', () => {
    const document = '# Names\n\n# Names\n\n- [DML-OBJ-0001] Names MUST be sorted.\n';
    expect(textIn(document, 'names-1')).toBe('Names MUST be sorted.');
  });

  it.each([
    ['another text', '# Names\n- [DML-OBJ-0001] Names MUST be short.\n'],
    ['a text of two paragraphs', '# Names\n- [DML-OBJ-0001] Names MUST be\n\n  sorted.\n'],
    ['a heading renamed', '# Titles\n- [DML-OBJ-0001] Names MUST be sorted.\n'],
    ['no heading', '- [DML-OBJ-0001] Names MUST be sorted.\n'],
    ['no item', '# Names\n\n[DML-OBJ-0001] Names MUST be sorted.\n'],
  ])('is left to the parser with %s', (_, document) => {
    expect(textIn(document)).toBeUndefined();
  });
});

it('lists the ids that items define', () => {
  const text = '- [DML-OBJ-0001] A\n\n  1. [DML-OBJ-0002] B [DML-OBJ-0009]\n- [DML-OBJ-0003](a.md)\n';
  expect(definedIds({ path: PATH, text })).toEqual(['DML-OBJ-0001', 'DML-OBJ-0002']);
});
