import { idsIn, parseTitle, type TitleCitation } from './requirement-id.ts';
import { sortedBy } from './sorted.ts';

/** Outcome of one leaf test as a runner reports it. */
export type TestOutcome = 'passed' | 'failed' | 'skipped';

/** One leaf test as a result file reports it, before titles are read. */
export interface ReportedTest {
  /** The file as the runner names it: absolute, or relative to some root. */
  readonly file: string;
  /** Titles of the enclosing suites, outermost first. */
  readonly ancestors: readonly string[];
  readonly title: string;
  readonly outcome: TestOutcome;
}

/** One leaf test of the repository with its outcome over all result files. */
export interface TestResult extends TitleCitation {
  /** Ids in the titles of the enclosing suites, where they cite nothing. */
  readonly groupIds: readonly string[];
  /** Path relative to the repository root. */
  readonly file: string;
  /** Suite titles and leaf title without ids, joined by ` > `. */
  readonly name: string;
  readonly outcome: TestOutcome;
}

const RANK: Readonly<Record<TestOutcome, number>> = { failed: 2, passed: 1, skipped: 0 };

/**
 * Joins the reports of all result files into one outcome per test.
 *
 * `files` are the paths of the repository; a report on any other file is stale and left out.
 */
export function joinResults(reports: readonly ReportedTest[], files: ReadonlySet<string>): TestResult[] {
  const joined = new Map<string, TestResult>();
  const located = new Map<string, string | undefined>();
  for (const report of reports) {
    if (!located.has(report.file)) located.set(report.file, locate(report.file, files));
    const file = located.get(report.file);
    // @spec DML-TRC-0416
    if (file === undefined) continue;
    const citation = parseTitle(report.title);
    const name = [...report.ancestors, citation.title].join(' > ');
    const key = [file, name, ...citation.cited].join('\u0000');
    const seen = joined.get(key)?.outcome ?? report.outcome;
    // @spec DML-TRC-0404
    const outcome = RANK[report.outcome] > RANK[seen] ? report.outcome : seen;
    const groupIds = report.ancestors.flatMap(idsIn);
    joined.set(key, { ...citation, groupIds, file, name, outcome });
  }
  return sortedBy(joined.entries(), ([key]) => key).map(([, result]) => result);
}

/** Results made under another root are matched by the longest tail that exists here. */
function locate(reported: string, files: ReadonlySet<string>): string | undefined {
  const parts = reported
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  for (let start = 0; start < parts.length; start++) {
    const tail = parts.slice(start).join('/');
    if (files.has(tail)) return tail;
  }
  return undefined;
}
