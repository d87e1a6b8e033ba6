import { isRunFile, type TextFile } from './file-role.ts';
import type { Finding } from './finding.ts';
import { ID_PATTERN, idsIn, parseTitle, type TitleCitation } from './requirement-id.ts';
import type { Requirement } from './spec-document.ts';

/** Outcome of one leaf test as a runner reports it. */
export type TestOutcome = 'passed' | 'failed' | 'skipped';

/** One leaf test of the repository with its outcome. */
export interface TestResult extends TitleCitation {
  /** Ids in the titles of the enclosing groups, where they cite nothing. */
  readonly groupIds: readonly string[];
  /** Path relative to the repository root. */
  readonly file: string;
  /** Titles of the groups and of the leaf without ids, joined by ` > `. */
  readonly name: string;
  readonly outcome: TestOutcome;
}

/** Content of a result file. */
export interface Report {
  readonly tests: readonly TestResult[];
  /** The projects that the configuration of the runner lists, whichever of them ran; none where it does not say. */
  readonly configured: readonly string[];
}

interface Leaf {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly expectsFailure?: boolean;
  readonly failureMessages?: readonly string[];
}

interface VitestReport {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Leaf[] }[];
  readonly configured?: readonly string[];
}

/**
 * Reads the JSON report of vitest, whose shape is that of Jest's; throws on any other text.
 *
 * @spec DML-TRC-0413
 */
export function readReport(text: string): Report {
  const { testResults, configured = [] }: VitestReport = JSON.parse(text);
  const tests = testResults.flatMap(({ name: file, assertionResults }) =>
    assertionResults.map((leaf) => {
      const { ancestorTitles, title: fullTitle } = leaf;
      if (typeof fullTitle !== 'string') throw new TypeError('a test has no title');
      const citation = parseTitle(fullTitle);
      const name = [...ancestorTitles, citation.title].join(' > ');
      return { ...citation, file, name, groupIds: ancestorTitles.flatMap(idsIn), outcome: outcomeOf(leaf) };
    }),
  );
  return { tests, configured };
}

/** Returns the outcome of a leaf; one that neither passed nor failed (pending, todo, disabled) counts as skipped. */
function outcomeOf({ status, expectsFailure, failureMessages = [] }: Leaf): TestOutcome {
  if (status === 'failed') return 'failed';
  // A test that is meant to fail shows that something does not hold.
  // @spec DML-TRC-0420
  if (status !== 'passed' || expectsFailure === true) return 'skipped';
  // It failed before it passed.
  // @spec DML-TRC-0419
  return failureMessages.length > 0 ? 'failed' : 'passed';
}

/** The texts that a result can come from. */
export interface TestSources {
  readonly tests: readonly TextFile[];
  /** Sources, which may hold suites for others. */
  readonly sources: readonly TextFile[];
  /** Golden vectors: they may name the requirements of the tests made from them. */
  readonly vectors: readonly TextFile[];
}

const IN_TITLE = new RegExp(`\\[${ID_PATTERN}\\]`, 'g');

/** Leaves out the results of tests that are gone, as the files of an older run hold them. */
export function currentResults(results: readonly TestResult[], from: TestSources): TestResult[] {
  const own = new Map(from.tests.map(({ path, text }) => [path, new Set(idsIn(text))]));
  const suites = [...from.tests, ...from.sources].filter(({ path }) => !isRunFile(path));
  const shared = new Set([
    ...suites.flatMap(({ text }) => idsIn((text.match(IN_TITLE) ?? []).join(' '))),
    ...from.vectors.flatMap(({ text }) => idsIn(text)),
  ]);
  return results.filter(({ file, cited }) => {
    const ids = own.get(file);
    // @spec DML-TRC-0416 DML-TRC-0922
    if (ids === undefined || !isRunFile(file)) return false;
    // @spec DML-TRC-0417
    return cited.every((id) => shared.has(id) || ids.has(id));
  });
}

/** Judges what the titles of tests cite. */
export function titleFindings(
  tests: readonly TestResult[],
  requirements: ReadonlyMap<string, Requirement>,
): Finding[] {
  return tests.flatMap(({ file, title, cited, misplaced, groupIds }) => {
    const findings: Finding[] = [];
    // @spec DML-TRC-0418
    for (const id of groupIds)
      findings.push({ code: 'test_citation_misplaced', id, file, detail: `a group around ${title}` });
    // @spec DML-TRC-0408
    for (const id of misplaced) findings.push({ code: 'test_citation_misplaced', id, file, detail: title });
    // @spec DML-TRC-0405
    if (cited.length > 2) findings.push({ code: 'test_overcited', file, detail: title });
    for (const id of [...cited, ...misplaced]) {
      const kind = requirements.get(id)?.marks.kind;
      if (kind === undefined) findings.push({ code: 'unknown_id', id, file, detail: title });
      // @spec DML-TRC-0406
      if (kind === 'planned') findings.push({ code: 'test_cites_planned', id, file, detail: title });
      // @spec DML-TRC-0407
      if (kind === 'retired') findings.push({ code: 'test_cites_retired', id, file, detail: title });
    }
    return findings;
  });
}
