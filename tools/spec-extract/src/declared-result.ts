import type { DeclaredTest } from './declared-test.ts';
import { computesTitles } from './declared-test.ts';
import { isRunFile } from './file-role.ts';
import { idsIn } from './requirement-id.ts';
import type { TestResult } from './test-result.ts';
import type { TextFile } from './text-file.ts';
import { titleMatches } from './title-pattern.ts';

/** The sources a result can come from. */
export interface TestSources {
  readonly declared: readonly DeclaredTest[];
  /** Test files and the modules that may hold suites for them. */
  readonly files: readonly TextFile[];
  /** Tests in languages that are not read here. */
  readonly foreign: readonly TextFile[];
  /** Golden vectors: they may name the requirements of the tests made from them. */
  readonly vectors: readonly TextFile[];
}

/**
 * Leaves out the results of tests that no source declares any more, as the files of an older run hold them.
 *
 * A title is looked for in the file that ran and in the suites it may have taken from another module. A file
 * that computes its titles is asked only whether it, or a golden vector, still names the ids, and so is a test in
 * a language that is not read here. A file that is no test shows nothing.
 */
export function declaredResults(results: readonly TestResult[], sources: TestSources): TestResult[] {
  const files = new Map(sources.files.map((file) => [file.path, file]));
  const titles = new Map<string, DeclaredTest[]>();
  for (const test of sources.declared) {
    const place = isRunFile(test.file) ? test.file : SHARED;
    for (const id of test.cited) push(titles, `${place}\u0000${id}`, test);
  }
  const computed = computedIds(files, sources.vectors);
  const foreign = new Map(sources.foreign.map(({ path, text }) => [path, idsIn(text)]));
  const ofVectors = sources.vectors.flatMap(({ text }) => idsIn(text));
  const named = (file: string): ReadonlySet<string> =>
    new Set(foreign.has(file) ? [...(foreign.get(file) ?? []), ...ofVectors] : []);
  // @spec DML-TRC-0417
  return results.filter(({ file, title, cited }) => {
    const source = files.get(file);
    if (cited.length === 0) return true;
    // @spec DML-TRC-0922
    if (source === undefined || !isRunFile(file)) return cited.every((id) => named(file).has(id));
    return cited.every((id) => {
      const candidates = [file, SHARED].flatMap((place) => titles.get(`${place}\u0000${id}`) ?? []);
      return candidates.some((test) => titleMatches(test.title, title)) || computed(source).has(id);
    });
  });
}

/** Key of all modules that do not run by themselves. */
const SHARED = '';

/** Returns the ids that the computed titles of a file can end with; every file is looked at once. */
function computedIds(
  files: ReadonlyMap<string, TextFile>,
  vectors: readonly TextFile[],
): (file: TextFile) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  let ofVectors: readonly string[] | undefined;
  return (file) => {
    const seen = known.get(file.path);
    if (seen !== undefined) return seen;
    ofVectors ??= vectors.flatMap(({ text }) => idsIn(text));
    const text = files.get(file.path)?.text ?? '';
    const ids = new Set(computesTitles(file) ? [...idsIn(text), ...ofVectors] : []);
    known.set(file.path, ids);
    return ids;
  };
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
