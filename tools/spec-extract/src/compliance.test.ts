import { expect, it } from 'vitest';
import { renderCompliance } from './compliance.ts';
import type { IndexedRequirement } from './requirement-index.ts';

const entry = (id: string, rest: Partial<IndexedRequirement> = {}): IndexedRequirement => ({
  id,
  level: 'MUST',
  section: 'names',
  fingerprint: 'a',
  reviewed: 'a',
  state: 'verified',
  owners: ['packages/object-model/src/name.ts#Name.parse'],
  tests: [
    { file: 'a.test.ts', title: 'a', state: 'passed' },
    { file: 'a.test.ts', title: 'b', state: 'skipped' },
  ],
  ...rest,
});

it('counts states by package and lists every requirement with section, owner and tests', () => {
  const { path, text } = renderCompliance([
    { packageName: 'store', document: 'specs/20-store.md', requirements: [] },
    {
      packageName: 'object-model',
      document: 'specs/10-object-model.md',
      requirements: [
        entry('DML-OBJ-0002', {
          state: 'exception',
          exception: { reason: 'a | b', until: '2027-01-31' },
          owners: [],
          tests: [],
        }),
        entry('DML-OBJ-0001'),
        entry('DML-OBJ-0003', { state: 'implied', impliedBy: 'types', section: '', owners: ['a/b.ts'] }),
      ],
    },
  ]);
  expect(path).toBe('COMPLIANCE.md');
  expect(text).toContain(`
| package | total | verified | implied | planned | exception | suspect | open | retired |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| [object-model](#object-model) | 3 | 1 | 1 | 0 | 1 | 0 | 0 | 0 |
| [store](#store) | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
| all | 3 | 1 | 1 | 0 | 1 | 0 | 0 | 0 |
`);
  expect(text).toContain(`
| [DML-OBJ-0001](specs/10-object-model.md#names) | MUST | verified | [\`name.ts Name.parse\`](packages/object-model/src/name.ts) | 1 of 2 |
| [DML-OBJ-0002](specs/10-object-model.md#names) | MUST | exception until 2027-01-31: a \\| b | – | 0 of 0 |
| [DML-OBJ-0003](specs/10-object-model.md) | MUST | implied by types | [\`b.ts\`](a/b.ts) | 1 of 2 |
`);
});
