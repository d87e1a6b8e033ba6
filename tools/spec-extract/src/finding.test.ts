import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finding, isRed, sortFindings } from './finding.ts';
import { type FindingCode, formatFindings, WORDING } from './wording.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const codes = Object.keys(WORDING) as FindingCode[];
const findings = fc.array(
  fc.record(
    {
      code: fc.constantFrom(...codes),
      id: fc.constantFrom('DML-OBJ-0001', 'DML-OBJ-0002'),
      file: fc.constantFrom('a.md', 'b.md'),
      detail: fc.constantFrom('x', 'y'),
    },
    { requiredKeys: ['code', 'file', 'detail'] },
  ),
) as fc.Arbitrary<Finding[]>;

describe('sortFindings', () => {
  it('orders by file, code, id and detail, whatever the order before [DML-TRC-0811]', () => {
    fc.assert(
      fc.property(findings, (list) => {
        const sorted = sortFindings(list);
        const keys = sorted.map(({ file, code, id = '', detail }) => [file, code, id, detail].join(' '));
        expect(keys).toEqual([...new Set(keys)].sort());
        expect(sortFindings([...list].reverse())).toEqual(sorted);
      }),
    );
  });
});

it('isRed needs one red finding', () => {
  const of = (code: FindingCode): Finding => ({ code, file: 'a.md', detail: '' });
  expect(isRed([])).toBe(false);
  expect(isRed([of('keyword_without_id'), of('optional_unverified')])).toBe(false);
  expect(isRed([of('keyword_without_id'), of('unknown_id')])).toBe(true);
});

it('formatFindings ends with the red ones and a count', () => {
  const text = formatFindings([
    { code: 'unknown_id', id: 'DML-OBJ-0009', file: 'a.md', detail: 'DML-OBJ-0009' },
    { code: 'keyword_without_id', file: 'b.md', detail: 'MUST in line 3' },
  ]);
  const lines = text.split('\n');
  expect(lines[0]).toMatch(/^note b\.md: keyword_without_id \(MUST in line 3\): /);
  expect(lines[1]).toMatch(/^red a\.md: unknown_id DML-OBJ-0009 \(DML-OBJ-0009\): /);
  expect(lines[2]).toBe('1 red, 1 note');
});
