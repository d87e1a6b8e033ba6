import { isRunFile } from './file-role.ts';
import { ID_PATTERN, idsIn } from './requirement-id.ts';
import type { TestResult } from './test-result.ts';
import type { TextFile } from './text-file.ts';

/** The texts that a result can come from. */
export interface TestSources {
  /** Test files, and the modules in the folders of tests. */
  readonly tests: readonly TextFile[];
  /** Sources, which may hold suites for others. */
  readonly sources: readonly TextFile[];
  /** Golden vectors: they may name the requirements of the tests made from them. */
  readonly vectors: readonly TextFile[];
}

const IN_TITLE = new RegExp(`\\[${ID_PATTERN}\\]`, 'g');

/** Leaves out the results of tests that are gone, as the files of an older run hold them. */
export function currentResults(results: readonly TestResult[], sources: TestSources): TestResult[] {
  const { tests, vectors } = sources;
  const own = new Map(tests.map(({ path, text }) => [path, new Set(idsIn(text))]));
  const suites = [...tests, ...sources.sources].filter(({ path }) => !isRunFile(path));
  const shared = new Set([
    ...suites.flatMap(({ text }) => idsIn((text.match(IN_TITLE) ?? []).join(' '))),
    ...vectors.flatMap(({ text }) => idsIn(text)),
  ]);
  return results.filter(
    ({ file, cited }) =>
      // @spec DML-TRC-0922
      isRunFile(file) &&
      // @spec DML-TRC-0417
      cited.every((id) => shared.has(id) || own.get(file)?.has(id) === true),
  );
}
