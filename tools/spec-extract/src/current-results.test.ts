import { expect, it } from 'vitest';
import { memorySuite } from '../test/memory-suite.ts';
import { currentResults } from './current-results.ts';
import { joinResults } from './test-result.ts';

const FILE = 'packages/store/src/a.test.ts';

/** Checks whether the result of a test that cites one id still counts. */
function counts(file: string, texts: Readonly<Record<string, string>>): boolean {
  const suite = memorySuite(texts);
  const report = { file, ancestors: [], title: 'a [DML-STO-0001]', outcome: 'passed' as const };
  return currentResults(joinResults([report], new Set(suite.paths)), suite).length === 1;
}

it.each([
  ['its file', { [FILE]: `it('a [DML-STO-0001]', f);` }],
  ['the table of its file', { [FILE]: `for (const [title] of [['a', 'DML-STO-0001']]) it(title, f);` }],
  ['a suite in a test folder', { [FILE]: '', 'packages/store/test/suite.ts': `it('a [DML-STO-0001]', f);` }],
  ['a suite for others', { [FILE]: '', 'packages/store/src/testing/a.ts': `it('a [DML-STO-0001]', f);` }],
  ['a golden vector', { [FILE]: '', 'vectors/a.json': '{ "requirement": "DML-STO-0001" }' }],
])('a result counts while %s names the id [DML-TRC-0417]', (_, texts) => {
  expect(counts(FILE, texts)).toBe(true);
});

it.each([
  ['nothing', { [FILE]: `it('a', f);` }],
  ['a file that names another id', { [FILE]: `it('a [DML-STO-0002]', f);` }],
  ['another test', { [FILE]: '', 'packages/store/src/b.test.ts': `it('a [DML-STO-0001]', f);` }],
  ['the owner', { [FILE]: '', 'packages/store/src/a.ts': '// @spec DML-STO-0001' }],
])('a result is ignored when %s names the id [DML-TRC-0417]', (_, texts) => {
  expect(counts(FILE, texts)).toBe(false);
});

it('a result is ignored when its file is no test [DML-TRC-0922]', () => {
  for (const file of ['README.md', 'packages/store/src/a.ts', 'packages/store/test/a.ts', 'test_a.py'])
    expect(counts(file, { [file]: `it('a [DML-STO-0001]', f);` }), file).toBe(false);
});
