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
    expect(outcomes({ failureMessages: [], retryReasons: [], invocations: 1 })).toEqual(['passed']);
    expect(
      outcomes(
        { failureMessages: ['expected 1 to be 2'] },
        { retryReasons: ['timeout'] },
        { invocations: 2 },
      ),
    ).toEqual(['failed', 'failed', 'failed']);
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

describe('JUnit XML', () => {
  it('yields every case with its outcome, its file by attribute, suite or class [DML-TRC-0414]', () => {
    const text = `<?xml version="1.0" encoding="utf-8"?>
      <testsuites>
        <testsuite name="pytest" file="tests/test_suite.py">
          <testcase classname="tests.test_a.TestNames" name="test_a[DML-BND-0001]" file="tests/test_a.py" time="0.1"/>
          <testcase name="test_b &lt;x&gt;"><failure message="no">trace</failure></testcase>
          <testsuite name="inner"><testcase name="test_c"><error/></testcase></testsuite>
        </testsuite>
        <testsuite name="packages/store/src/a.test.ts">
          <testcase classname="packages/store/src/a.test.ts" name="refs > moves"><skipped/></testcase>
          <testcase classname="tests.test_d.TestNames" name="test_d"><system-out>ok</system-out></testcase>
        </testsuite>
      </testsuites>`;
    expect(readResultFile({ path: 'test-results/a.xml', text })).toEqual({
      readable: true,
      configured: [],
      tests: [
        { file: 'tests/test_a.py', ancestors: [], title: 'test_a[DML-BND-0001]', outcome: 'passed' },
        { file: 'tests/test_suite.py', ancestors: [], title: 'test_b <x>', outcome: 'failed' },
        { file: 'tests/test_suite.py', ancestors: [], title: 'test_c', outcome: 'failed' },
        { file: 'packages/store/src/a.test.ts', ancestors: [], title: 'refs > moves', outcome: 'skipped' },
        { file: 'tests/test_d.py', ancestors: [], title: 'test_d', outcome: 'passed' },
      ],
    });
  });

  it('may have one suite on top [DML-TRC-0414]', () => {
    const text = '<testsuite file="tests/test_a.py"><testcase name="test_a"/></testsuite>';
    expect(readResultFile({ path: 'a.xml', text })).toMatchObject({
      tests: [{ title: 'test_a', outcome: 'passed' }],
    });
  });

  it.each(['flakyFailure', 'flakyError', 'rerunFailure', 'rerunError', 'rerun'])(
    'counts a case with <%s> as failed [DML-TRC-0419]',
    (name) => {
      const text = `<testsuite file="a.py"><testcase name="test_a"><${name} message="no"/></testcase></testsuite>`;
      expect(readResultFile({ path: 'a.xml', text })).toMatchObject({ tests: [{ outcome: 'failed' }] });
    },
  );

  it('is refused when it is not well-formed or something else [DML-TRC-0412]', () => {
    for (const text of ['', '<testsuites>', '<coverage/>', 'text']) {
      expect(readResultFile({ path: 'a.xml', text }), text).toMatchObject({ readable: false });
    }
  });
});
