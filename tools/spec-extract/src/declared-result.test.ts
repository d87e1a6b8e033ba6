import { describe, expect, it } from 'vitest';
import { memorySuite } from '../test/memory-suite.ts';
import { declaredResults } from './declared-result.ts';
import { declaredTests } from './declared-test.ts';
import { readJUnitReport } from './junit-report.ts';
import { joinResults } from './test-result.ts';

const FILE = 'packages/store/src/a.test.ts';

/** The titles of the results of `FILE` that still count. */
function counted(
  titles: readonly string[],
  texts: Readonly<Record<string, string>>,
  vectors: Readonly<Record<string, string>> = {},
): string[] {
  const toFiles = (record: Readonly<Record<string, string>>): { path: string; text: string }[] =>
    Object.entries(record).map(([path, text]) => ({ path, text }));
  const files = toFiles(texts);
  const reports = titles.map((title) => ({ file: FILE, ancestors: [], title, outcome: 'passed' as const }));
  const results = joinResults(reports, new Set([FILE]));
  const sources = { declared: files.flatMap(declaredTests), files, foreign: [], vectors: toFiles(vectors) };
  return declaredResults(results, sources).map(({ title }) => title);
}

/** The titles that still count of a JUnit report on a file of this text. */
function ofForeign(path: string, text: string, vector = ''): string[] {
  const report = `<testsuite file="${path}"><testcase name="a [DML-STO-0001]"/></testsuite>`;
  const suite = memorySuite({ [path]: text, 'vectors/a.json': vector });
  const results = joinResults(readJUnitReport(report), new Set(suite.paths));
  const declared = [...suite.tests, ...suite.sources].flatMap(declaredTests);
  const { foreign, vectors } = suite;
  const files = [...suite.tests, ...suite.sources];
  return declaredResults(results, { declared, files, foreign, vectors }).map(({ title }) => title);
}

describe('the result of a test', () => {
  it('counts while its file declares the title and the ids [DML-TRC-0417]', () => {
    const titles = ['a [DML-STO-0001]', 'b 1 [DML-STO-0002] [DML-STO-0003]', 'c'];
    const text = `it('a [DML-STO-0001]', f); it.each([1])('b %s [DML-STO-0002] [DML-STO-0003]', f);`;
    expect(counted(titles, { [FILE]: text })).toEqual(['a', 'b 1', 'c']);
  });

  it.each([
    ['was deleted', ''],
    ['was renamed', `it('aa [DML-STO-0001]', f);`],
    ['cites another id', `it('a [DML-STO-0002]', f);`],
    ['cites no id any more', `it('a', f);`],
    ['is mentioned in a comment', `// it('a [DML-STO-0001]', f)\nit('b', f);`],
  ])('is ignored when the test %s [DML-TRC-0417]', (_, text) => {
    expect(counted(['a [DML-STO-0001]'], { [FILE]: text })).toEqual([]);
  });

  it('is ignored when only another test file declares it [DML-TRC-0417]', () => {
    const texts = { [FILE]: '', 'packages/store/src/b.test.ts': `it('a [DML-STO-0001]', f);` };
    expect(counted(['a [DML-STO-0001]'], texts)).toEqual([]);
  });

  it.each(['packages/store/test/contract.ts', 'packages/store/src/testing/contract.ts'])(
    'counts when a suite of another module declares it: %s',
    (path) => {
      expect(
        counted(['a [DML-STO-0001]'], { [FILE]: 'contract();', [path]: `it('a [DML-STO-0001]', f);` }),
      ).toEqual(['a']);
    },
  );

  it('counts where titles are computed while the file or a vector names the id [DML-TRC-0417]', () => {
    const titles = ['a [DML-STO-0001]'];
    const text = 'for (const { title, id } of cases) it(`' + '$' + '{title} [' + '$' + '{id}]`, f);';
    expect(counted(titles, { [FILE]: text })).toEqual([]);
    expect(counted(titles, { [FILE]: `${text} const cases = [['a', 'DML-STO-0001']];` })).toEqual(['a']);
    expect(
      counted(titles, { [FILE]: text }, { 'vectors/a.json': '{ "requirement": "DML-STO-0001" }' }),
    ).toEqual(['a']);
  });

  it.each([
    ['README.md', 'DML-STO-0001'],
    ['packages/store/src/a.ts', "it('a [DML-STO-0001]', f);"],
    ['tests/a.py', 'DML-STO-0001'],
    ['python/test_a.py', ''],
    ['python/test_a.py', 'def test_a(): pass  # DML-STO-0002'],
  ])(
    'is ignored from a file that is no test or names no such id: %s, case %# [DML-TRC-0922]',
    (path, text) => {
      expect(ofForeign(path, text)).toEqual([]);
    },
  );

  it.each(['python/test_a.py', 'python/a_test.py', 'go/a_test.go'])(
    'counts from a test in another language that names the id: %s [DML-TRC-0922]',
    (path) => {
      expect(ofForeign(path, '# DML-STO-0001')).toEqual(['a']);
      expect(ofForeign(path, '', '{ "requirement": "DML-STO-0001" }')).toEqual(['a']);
    },
  );
});
