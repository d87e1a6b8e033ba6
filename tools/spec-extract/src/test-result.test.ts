import { describe, expect, it } from 'vitest';
import { joinResults, type ReportedTest, type TestOutcome } from './test-result.ts';

const FILE = 'packages/store/src/a.test.ts';
const FILES = new Set([FILE, 'tests/test_a.py']);

function report(outcome: TestOutcome, overrides: Partial<ReportedTest> = {}): ReportedTest {
  return { file: FILE, ancestors: ['refs'], title: 'moves [DML-STO-0001]', outcome, ...overrides };
}

describe('joinResults', () => {
  it('reads name and ids of a leaf test', () => {
    expect(joinResults([report('passed')], FILES)).toEqual([
      {
        file: FILE,
        name: 'refs > moves',
        title: 'moves',
        cited: ['DML-STO-0001'],
        misplaced: [],
        groupIds: [],
        outcome: 'passed',
      },
    ]);
  });

  it('takes an id of a group for no citation [DML-TRC-0401]', () => {
    const grouped = report('passed', { ancestors: ['refs [DML-STO-0002]'], title: 'moves' });
    expect(joinResults([grouped], FILES)).toMatchObject([
      { cited: [], misplaced: [], groupIds: ['DML-STO-0002'] },
    ]);
  });

  it('lets a failure in any file win and a pass win over a skip [DML-TRC-0404]', () => {
    const joined = (...outcomes: TestOutcome[]): unknown =>
      joinResults(
        outcomes.map((outcome) => report(outcome)),
        FILES,
      ).map(({ outcome }) => outcome);
    expect(joined('passed', 'failed')).toEqual(['failed']);
    expect(joined('failed', 'passed', 'skipped')).toEqual(['failed']);
    expect(joined('skipped', 'passed')).toEqual(['passed']);
    expect(joined('passed', 'skipped')).toEqual(['passed']);
    expect(joined('skipped', 'skipped')).toEqual(['skipped']);
  });

  it('keeps tests apart that differ in suite, title, ids or file', () => {
    const reports = [
      report('passed'),
      report('passed', { ancestors: ['heads'] }),
      report('passed', { title: 'moves back [DML-STO-0001]' }),
      report('passed', { title: 'moves [DML-STO-0002]' }),
      report('passed', { file: 'tests/test_a.py' }),
    ];
    expect(joinResults(reports, FILES)).toHaveLength(5);
    expect(joinResults([...reports].reverse(), FILES)).toEqual(joinResults(reports, FILES));
  });

  it('leaves out files that are not there [DML-TRC-0416]', () => {
    expect(joinResults([report('passed', { file: 'packages/store/src/gone.test.ts' })], FILES)).toEqual([]);
  });

  it('finds the file of a run under another root', () => {
    for (const file of [
      `/elsewhere/checkout/${FILE}`,
      `./${FILE}`,
      `C:\\work\\${FILE.replaceAll('/', '\\')}`,
    ]) {
      expect(joinResults([report('passed', { file })], FILES)[0]?.file, file).toBe(FILE);
    }
  });
});
