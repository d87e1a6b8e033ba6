import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIndexedRequirement, readIndexFile, renderIndexFile } from './index-file.ts';
import { type IndexedRequirement, type PackageIndex, STATES } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const requirement: fc.Arbitrary<IndexedRequirement> = fc.record(
  {
    id: fc.integer({ min: 0, max: 9999 }).map((n) => `DML-OBJ-${String(n).padStart(4, '0')}`),
    level: fc.constantFrom('MUST', 'MUST NOT', 'NORM', 'MAY'),
    section: text,
    fingerprint: fc.constantFrom('', '0000000000000000', '1e10', '0123456789abcdef'),
    reviewed: fc.constantFrom('1234567890123456', 'null'),
    state: fc.constantFrom(...STATES),
    exception: fc.record({ reason: text, until: fc.constant('2027-01-31') }),
    impliedBy: fc.constantFrom('types', 'compiler'),
    owners: fc.uniqueArray(text, { maxLength: 2 }).map((owners) => [...owners].sort()),
    tests: fc
      .array(
        fc.record({
          file: text,
          title: text,
          state: fc.constantFrom('passed', 'failed', 'skipped', 'not_run'),
        }),
        { maxLength: 3 },
      )
      .map((tests) => sortedBy(tests, ({ file, title, state }) => `${file}\u0000${title}\u0000${state}`)),
  },
  { requiredKeys: ['id', 'level', 'section', 'fingerprint', 'reviewed', 'state', 'owners', 'tests'] },
) as fc.Arbitrary<IndexedRequirement>;

const index: fc.Arbitrary<PackageIndex> = fc.record({
  packageName: fc.constant('object-model'),
  document: fc.constant('specs/10-object-model.md'),
  requirements: fc
    .uniqueArray(requirement, { selector: ({ id }) => id, maxLength: 5 })
    .map((list) => sortedBy(list, ({ id }) => id)),
});

describe('the index file', () => {
  it('reads back as what was written, whatever the texts are', () => {
    fc.assert(
      fc.property(index, (value) => {
        expect(readIndexFile(renderIndexFile(value))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('yields one requirement as it yields all', () => {
    fc.assert(
      fc.property(index, (value) => {
        const file = renderIndexFile(value);
        const checkedOut = { ...file, text: file.text.replaceAll('\n', '\r\n') };
        for (const entry of value.requirements) {
          expect(readIndexedRequirement(file, entry.id)).toEqual(entry);
          expect(readIndexedRequirement(checkedOut, entry.id)).toEqual(entry);
        }
        expect(readIndexedRequirement(file, 'DML-STO-0001')).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('gives equal bytes for equal contents in any order [DML-TRC-0602]', () => {
    fc.assert(
      fc.property(index, (value) => {
        const turned = { ...value, requirements: [...value.requirements].reverse() };
        expect(renderIndexFile(turned)).toEqual(renderIndexFile(value));
      }),
    );
  });

  it('says which field is wrong', () => {
    const { text: good } = renderIndexFile({
      packageName: 'object-model',
      document: 'specs/10-object-model.md',
      requirements: [
        {
          id: 'DML-OBJ-0001',
          level: 'MUST',
          section: 'names',
          fingerprint: 'aa',
          reviewed: 'aa',
          state: 'open',
          impliedBy: 'types',
          exception: { reason: 'r', until: '2027-01-31' },
          owners: ['a'],
          tests: [{ file: 'a', title: 'b', state: 'passed' }],
        },
      ],
    });
    const reason = (from: string, to: string): string => {
      expect(good).toContain(from);
      try {
        readIndexFile({ path: 'requirements/object-model.yaml', text: good.replace(from, to) });
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(reason('level: MUST', 'level: WOULD')).toBe('DML-OBJ-0001.level is not a level');
    expect(reason('state: open', 'state: shut')).toMatch(/^DML-OBJ-0001\.state is none of verified, /);
    expect(reason('state: passed', 'state: open')).toMatch(
      /^DML-OBJ-0001\.tests\[\]\.state is none of passed, /,
    );
    expect(reason('implied_by: types', 'implied_by: luck')).toMatch(/^DML-OBJ-0001\.implied_by is none of/);
    expect(reason('owners:\n', 'owned:\n')).toBe('DML-OBJ-0001.owners is not a list');
    expect(reason('DML-OBJ-0001:', 'DML-OBJ-1:')).toBe('DML-OBJ-1 is not a requirement id');
    expect(reason('reason: r', 'reason: 1')).toBe('DML-OBJ-0001.exception.reason is not a text');
    expect(reason('package: object-model', 'package: [1]')).toBe('package is not a text');
  });
});
