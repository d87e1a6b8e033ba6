import { expect, it } from 'vitest';
import { citingTestsById } from './citing-tests.ts';
import type { DeclaredTest } from './declared-test.ts';
import type { TestResult } from './test-result.ts';

const ID = 'DML-OBJ-0001';
const result = (title: string, file = 'a.test.ts'): TestResult => ({
  file,
  name: `names > ${title}`,
  title,
  cited: [ID],
  misplaced: [],
  groupIds: [],
  outcome: 'passed',
});
const declared = (title: string, file = 'a.test.ts'): DeclaredTest => ({
  file,
  title,
  cited: [ID],
  misplaced: [],
});

it('records a declared test without a result as not run [DML-TRC-0409]', () => {
  const tests = citingTestsById(
    [result('sorts')],
    [declared('sorts'), declared('folds'), declared('sorts', 'b.test.ts')],
  );
  expect(tests.get(ID)).toEqual([
    { file: 'a.test.ts', title: 'folds', state: 'not_run' },
    { file: 'a.test.ts', title: 'names > sorts', state: 'passed' },
    { file: 'b.test.ts', title: 'sorts', state: 'not_run' },
  ]);
});

it('takes a title with holes as run when its file has a result for the id [DML-TRC-0409]', () => {
  expect(citingTestsById([result('sorts 7')], [declared('sorts %s')]).get(ID)).toHaveLength(1);
  expect(citingTestsById([result('sorts 7')], [declared('sorts $n')]).get(ID)).toHaveLength(1);
  expect(citingTestsById([], [declared('sorts %s')]).get(ID)).toMatchObject([{ state: 'not_run' }]);
});

it('does not ask a suite for others to run by itself', () => {
  const suite = declared('sorts', 'packages/store/test/contract.ts');
  expect(citingTestsById([], [suite]).get(ID)).toBeUndefined();
});

it('lists a test with two ids under both', () => {
  const both = { ...result('sorts'), cited: [ID, 'DML-OBJ-0002'] };
  expect([...citingTestsById([both], []).keys()]).toEqual([ID, 'DML-OBJ-0002']);
});
