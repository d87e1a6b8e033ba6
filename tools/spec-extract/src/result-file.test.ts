import { describe, expect, it } from 'vitest';
import { readResultFile } from './result-file.ts';

describe('the JSON report of vitest', () => {
  const leaf = (title: string, status: string): unknown => ({
    ancestorTitles: ['refs'],
    title,
    status,
    duration: 1,
  });

  it('yields every leaf test with its outcome [DML-TRC-0413]', () => {
    const report = {
      numTotalTests: 5,
      testResults: [
        { name: 'a.test.ts', status: 'failed', assertionResults: [leaf('a', 'passed'), leaf('b', 'failed')] },
        {
          name: 'b.test.ts',
          assertionResults: [leaf('c', 'pending'), leaf('d', 'skipped'), leaf('e', 'todo')],
        },
        { name: 'c.test.ts', status: 'failed', message: 'does not load', assertionResults: [] },
      ],
    };
    const result = readResultFile({ path: 'test-results/a.json', text: JSON.stringify(report) });
    expect(result).toEqual({
      readable: true,
      tests: [
        { file: 'a.test.ts', ancestors: ['refs'], title: 'a', outcome: 'passed' },
        { file: 'a.test.ts', ancestors: ['refs'], title: 'b', outcome: 'failed' },
        { file: 'b.test.ts', ancestors: ['refs'], title: 'c', outcome: 'skipped' },
        { file: 'b.test.ts', ancestors: ['refs'], title: 'd', outcome: 'skipped' },
        { file: 'b.test.ts', ancestors: ['refs'], title: 'e', outcome: 'skipped' },
      ],
      configured: [],
    });
    const text = JSON.stringify({ ...report, testResults: [], configured: ['store', 'cli'] });
    expect(readResultFile({ path: 'test-results/a.json', text })).toMatchObject({
      tests: [],
      configured: ['store', 'cli'],
    });
  });

  const outcomes = (...leaves: readonly object[]): unknown => {
    const assertionResults = leaves.map((fields) => ({ ...(leaf('a', 'passed') as object), ...fields }));
    const text = JSON.stringify({ testResults: [{ name: 'a.test.ts', assertionResults }] });
    const result = readResultFile({ path: 'test-results/a.json', text });
    return result.readable && result.tests.map(({ outcome }) => outcome);
  };

  it('counts what passed only when it was repeated as failed [DML-TRC-0419]', () => {
    expect(outcomes({ failureMessages: [] }, { failureMessages: ['expected 1 to be 2'] })).toEqual([
      'passed',
      'failed',
    ]);
  });

  it('counts what is expected to fail as not run [DML-TRC-0420]', () => {
    expect(outcomes({ expectsFailure: true }, { expectsFailure: false })).toEqual(['skipped', 'passed']);
  });

  it('is refused in any other shape [DML-TRC-0412]', () => {
    const reasons = [
      '{',
      '[]',
      '{}',
      '{"testResults":[{}]}',
      '{"testResults":[{"name":"a","assertionResults":[{}]}]}',
    ].map((text) => readResultFile({ path: 'test-results/a.json', text }));
    expect(reasons).toMatchObject([
      { readable: false },
      { readable: false, reason: 'report is not an object' },
      { readable: false, reason: 'testResults is not an array' },
      { readable: false, reason: 'testResults[].name is not a string' },
      { readable: false, reason: 'ancestorTitles is not an array' },
    ]);
  });
});
