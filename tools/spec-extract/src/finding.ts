import { compareText } from './sorted.ts';

/**
 * Meaning of each finding, and the next step.
 *
 * @spec DML-TRC-1001
 */
export const WORDING = {
  anchor_broken: 'the link names a heading that its target does not have',
  document_empty: 'there is no requirement here: add one, or remove the document',
  document_misnamed: 'no specification is read from here: name the file `specs/NN-name.md`',
  file_outdated:
    'the generated file is not current: run `npm test`, then `npm run spec -- generate`, and commit it',
  id_reused: 'the id is taken: give the new requirement a new id',
  id_vanished: 'the id left the specifications: bring it back, marked `{retired}` if it no longer holds',
  index_unreadable: 'the index file cannot be read: restore it from the last commit',
  keyword_missing: 'the requirement has no keyword: add one, or mark it `{norm}`',
  keyword_repeated: 'one requirement holds several keywords: split it, one id per clause',
  keyword_without_id: 'this reads like a rule and binds nobody: make it a requirement, or choose other words',
  line_too_long: 'wrap the line at 100 columns',
  link_absolute: 'write the link relative to the file it is in',
  link_broken: 'the link leads to no file of the repository',
  mark_invalid: 'the mark is not one: see the table of marks in specs/90-traceability.md',
  owner_duplicate: 'the requirement has two owners: keep the `@spec` where it is decided',
  owner_missing: 'no code owns the requirement: put `@spec` at the statement that decides it',
  planned_owned: 'code owns a planned requirement: remove the mark, or the owner',
  requirement_malformed: 'this looks like a requirement and is none: write `- [DML-AREA-nnnn] text`',
  result_unreadable: 'the result file cannot be read: run the tests again',
  results_missing: 'test results are missing: run `npm test`, which runs every project',
  retired_owned: 'code owns a retired requirement: remove the owner',
  test_citation_misplaced: 'an id cites only at the end of the title of a test',
  test_cites_planned: 'a test cites a planned requirement: remove the mark, or the citation',
  test_cites_retired: 'a test cites a retired requirement: remove the citation',
  test_missing: 'no test that ran and passed shows the requirement',
  test_overcited: 'the test cites more than two ids: split it',
  text_suspect:
    'the text changed since it was reviewed: look at owner and tests, then `npm run spec -- review <ID>`',
  unknown_id: 'no specification defines this id',
} as const;

/** The closed union of finding codes. */
export type FindingCode = keyof typeof WORDING;

/** One observation about the suite. */
export interface Finding {
  readonly code: FindingCode;
  /** The requirement id concerned, where there is one. */
  readonly id?: string;
  /** The file to open, relative to the repository root. */
  readonly file: string;
  /** Subject of the finding: a link target, a line number, a test title, a mark. */
  readonly detail: string;
}

/** Checks whether a finding makes the suite red; a note never does. */
export function isRed({ code }: Finding): boolean {
  return code !== 'keyword_without_id';
}

/** Returns the findings without repeats, ordered by file, code, id and detail. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const unique = new Map(
    findings.map((finding) => {
      const { file, code, id = '', detail } = finding;
      return [[file, code, id, detail].join('\u0000'), finding];
    }),
  );
  // @spec DML-TRC-0811
  return [...unique].sort(([a], [b]) => compareText(a, b)).map(([, finding]) => finding);
}

/** Returns one line per finding and a closing count. */
export function formatFindings(findings: readonly Finding[]): string {
  const red = findings.filter(isRed);
  const notes = findings.filter((finding) => !isRed(finding));
  // Red comes last: that is what stays on the screen.
  const lines = [...notes, ...red].map(formatFinding);
  return [...lines, `${red.length} red, ${notes.length} ${notes.length === 1 ? 'note' : 'notes'}`].join('\n');
}

function formatFinding(finding: Finding): string {
  const { code, id, file, detail } = finding;
  const about = id === undefined ? '' : ` ${id}`;
  return `${isRed(finding) ? 'red' : 'note'} ${file}: ${code}${about} (${detail}): ${WORDING[code]}`;
}
