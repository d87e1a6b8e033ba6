import { compareText } from './sorted.ts';
import type { FindingCode } from './wording.ts';

/** Severity of a finding: one red finding makes the suite red, a note never does. */
export type Severity = 'red' | 'note';

/** One observation about the suite, as data: wording lives in `wording.ts`. */
export interface Finding {
  readonly code: FindingCode;
  /** The requirement id concerned, where there is one. */
  readonly id?: string;
  /** The file to open, relative to the repository root. */
  readonly file: string;
  /** Subject of the finding: a link target, a line number, a test title, a mark. */
  readonly detail: string;
}

const NOTES: readonly FindingCode[] = ['keyword_without_id', 'optional_unverified'];

/** Returns the weight of a finding. */
export function severityOf({ code }: Finding): Severity {
  return NOTES.includes(code) ? 'note' : 'red';
}

/** Checks whether any finding is red. */
export function isRed(findings: readonly Finding[]): boolean {
  return findings.some((finding) => severityOf(finding) === 'red');
}

/** Returns the findings without repeats, ordered by file, code, id and detail. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const unique = new Map(findings.map((finding) => [findingKey(finding), finding]));
  // @spec DML-TRC-0811
  return [...unique].sort(([a], [b]) => compareText(a, b)).map(([, finding]) => finding);
}

function findingKey(finding: Finding): string {
  return [finding.file, finding.code, finding.id ?? '', finding.detail].join('\u0000');
}
