import { compareText } from './sorted.ts';

/** Severity of a finding: one red finding makes the suite red, a note never does. */
export type Severity = 'red' | 'note';

/**
 * Every finding code with its weight and the requirements that demand it.
 *
 * @spec DML-TRC-1001
 */
export const FINDING_CODES = {
  anchor_broken: { severity: 'red', requirements: ['DML-TRC-0702'] },
  document_empty: { severity: 'red', requirements: ['DML-TRC-0109', 'DML-TRC-0921'] },
  document_misnamed: { severity: 'red', requirements: ['DML-TRC-0912'] },
  exception_expired: { severity: 'red', requirements: ['DML-TRC-0203'] },
  file_outdated: { severity: 'red', requirements: ['DML-TRC-0606'] },
  id_reused: { severity: 'red', requirements: ['DML-TRC-0103', 'DML-TRC-0105'] },
  id_vanished: { severity: 'red', requirements: ['DML-TRC-0104'] },
  index_unreadable: { severity: 'red', requirements: ['DML-TRC-0608'] },
  keyword_missing: { severity: 'red', requirements: ['DML-TRC-0107'] },
  keyword_repeated: { severity: 'red', requirements: ['DML-TRC-0106'] },
  keyword_without_id: { severity: 'note', requirements: ['DML-TRC-0111', 'DML-TRC-0919', 'DML-TRC-0920'] },
  line_too_long: { severity: 'red', requirements: ['DML-TRC-0110'] },
  link_absolute: { severity: 'red', requirements: ['DML-TRC-0703', 'DML-TRC-0704'] },
  link_broken: { severity: 'red', requirements: ['DML-TRC-0701'] },
  mark_invalid: {
    severity: 'red',
    requirements: ['DML-TRC-0201', 'DML-TRC-0202', 'DML-TRC-0204', 'DML-TRC-0991'],
  },
  optional_unverified: { severity: 'note', requirements: ['DML-TRC-0415'] },
  owner_duplicate: { severity: 'red', requirements: ['DML-TRC-0302'] },
  owner_missing: { severity: 'red', requirements: ['DML-TRC-0303'] },
  planned_owned: { severity: 'red', requirements: ['DML-TRC-0304'] },
  requirement_malformed: { severity: 'red', requirements: ['DML-TRC-0101'] },
  result_unreadable: { severity: 'red', requirements: ['DML-TRC-0412'] },
  results_missing: { severity: 'red', requirements: ['DML-TRC-0411', 'DML-TRC-0421'] },
  retired_owned: { severity: 'red', requirements: ['DML-TRC-0305'] },
  test_citation_misplaced: { severity: 'red', requirements: ['DML-TRC-0408', 'DML-TRC-0418'] },
  test_cites_planned: { severity: 'red', requirements: ['DML-TRC-0406'] },
  test_cites_retired: { severity: 'red', requirements: ['DML-TRC-0407'] },
  test_missing: { severity: 'red', requirements: ['DML-TRC-0410'] },
  test_overcited: { severity: 'red', requirements: ['DML-TRC-0405'] },
  text_suspect: { severity: 'red', requirements: ['DML-TRC-0503'] },
  unknown_id: { severity: 'red', requirements: ['DML-TRC-0307'] },
} as const;

/** The closed union of finding codes. */
export type FindingCode = keyof typeof FINDING_CODES;

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

/** Returns the weight of a finding. */
export function severityOf(finding: Finding): Severity {
  return FINDING_CODES[finding.code].severity;
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
