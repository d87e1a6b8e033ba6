import { expect, it } from 'vitest';
import { renderCompliance } from './compliance.ts';
import type { RequirementRecord } from './requirement-record.ts';
import type { TestResult } from './results.ts';

const TEST: TestResult = {
  file: 'a.test.ts',
  name: 'a',
  title: 'a',
  outcome: 'passed',
  cited: ['DML-OBJ-0001'],
  misplaced: [],
  groupIds: [],
};
const SHARED: TestResult = { ...TEST, cited: ['DML-OBJ-0010', 'DML-OBJ-0011'] };

function entry(id: string, fields: Partial<RequirementRecord> = {}): RequirementRecord {
  return {
    id,
    level: 'MUST',
    state: 'verified',
    text: 'Names MUST be.',
    fingerprint: 'aa',
    reviewed: 'aa',
    packageName: 'object-model',
    document: 'specs/10-object-model.md',
    section: 'names',
    marks: { norm: false, kind: 'in_force' },
    owners: ['packages/object-model/src/name.ts:1'],
    tests: [TEST],
    ...fields,
  };
}

const OBJ = 'specs/10-object-model.md';
const STO = 'specs/20-store.md';

it('the report counts by document and lists only what is not plainly verified [DML-TRC-0916]', () => {
  const { path, text } = renderCompliance(
    [OBJ, STO],
    [
      entry('DML-OBJ-0001'),
      entry('DML-OBJ-0002', { state: 'open', tests: [{ ...TEST, outcome: 'skipped', name: 'a | b' }] }),
      entry('DML-OBJ-0003', { state: 'implied' }),
      entry('DML-OBJ-0004', { state: 'suspect', reviewed: 'bb' }),
      entry('DML-OBJ-0005', { state: 'open', owners: [] }),
      entry('DML-OBJ-0006', { state: 'open', tests: [{ ...TEST, outcome: 'failed' }] }),
      entry('DML-OBJ-0007', { state: 'planned' }),
      entry('DML-OBJ-0008', {
        state: 'planned',
        marks: { norm: false, kind: 'planned', milestone: 'adapters' },
      }),
      entry('DML-OBJ-0009', { state: 'planned' }),
      entry('DML-OBJ-0010', { tests: [SHARED, { ...TEST, outcome: 'skipped' }] }),
      entry('DML-OBJ-0011', { tests: [SHARED, TEST] }),
      entry('DML-OBJ-0012', { state: 'retired' }),
    ],
  );
  expect(path).toBe('COMPLIANCE.md');
  expect(text.slice(text.indexOf('## Summary'))).toBe(`## Summary

| document | total | verified | implied | measured | planned | suspect | open | retired |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| [10-object-model](specs/10-object-model.md) | 12 | 3 | 1 | 0 | 3 | 1 | 3 | 1 |
| [20-store](specs/20-store.md) | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
| all | 12 | 3 | 1 | 0 | 3 | 1 | 3 | 1 |

## Not verified

| id | level | state | why |
| --- | --- | --- | --- |
| [DML-OBJ-0002](specs/10-object-model.md#names) | MUST | open | skipped: a.test.ts > a \\| b |
| [DML-OBJ-0004](specs/10-object-model.md#names) | MUST | suspect | the text changed |
| [DML-OBJ-0005](specs/10-object-model.md#names) | MUST | open | no owner |
| [DML-OBJ-0006](specs/10-object-model.md#names) | MUST | open | failed: a.test.ts > a |

## Planned

| milestone | section | requirements | ids |
| --- | --- | ---: | --- |
| – | [10-object-model names](specs/10-object-model.md#names) | 2 | DML-OBJ-0007 to DML-OBJ-0009 |
| adapters | [10-object-model names](specs/10-object-model.md#names) | 1 | DML-OBJ-0008 |

## Weak evidence

Held by types or the compiler, without a test: 1.

[DML-OBJ-0003](specs/10-object-model.md#names)

Shown only by tests that cite another requirement too: 1.

[DML-OBJ-0010](specs/10-object-model.md#names)
`);
});

it('the report says where nothing is to be listed [DML-TRC-0916]', () => {
  const { text } = renderCompliance([OBJ], [entry('DML-OBJ-0001')]);
  for (const part of [
    '## Not verified\n\nNone.\n',
    '## Planned\n\nNone.\n',
    'a test: none.\n',
    'too: none.\n',
  ])
    expect(text).toContain(part);
});
