import { type Finding, severityOf } from './finding.ts';

/**
 * Meaning of each finding, and the next step.
 *
 * @spec DML-TRC-1001
 */
export const WORDING = {
  anchor_broken: 'the link names a heading that its target does not have',
  document_empty: 'there is no requirement here: add one, or remove the document',
  document_misnamed: 'no specification is read from here: name the file `specs/NN-name.md`',
  exception_expired: 'the exception is past its date: make the requirement hold, or decide on a new date',
  file_outdated:
    'the generated file is not current: run `npm test`, then `npm run spec -- generate`, and commit it',
  id_reused: 'the id is taken: give the new requirement a new id',
  id_vanished: 'the id left the specifications: bring it back, marked `{retired}` if it no longer holds',
  index_unreadable: 'the index file cannot be read: restore it from the last commit',
  keyword_missing: 'the requirement has no keyword: add one, or mark it `{norm}`',
  keyword_repeated: 'one requirement holds several keywords: split it, one id per clause',
  keyword_without_id: 'this reads like a rule and binds nobody: make it a requirement, or choose other words',
  line_too_long: 'wrap the line at 100 columns',
  link_absolute: 'write the link relative to the file it stands in',
  link_broken: 'the link leads to no file of the repository',
  mark_invalid: 'the mark is not one: see the table of marks in specs/90-traceability.md',
  optional_unverified: 'not shown to hold (not binding)',
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

/** Returns one line per finding and a closing count. */
export function formatFindings(findings: readonly Finding[]): string {
  const red = findings.filter((finding) => severityOf(finding) === 'red');
  const notes = findings.filter((finding) => severityOf(finding) === 'note');
  // Red comes last: that is what stays on the screen.
  const lines = [...notes, ...red].map(formatFinding);
  return [...lines, `${red.length} red, ${notes.length} ${notes.length === 1 ? 'note' : 'notes'}`].join('\n');
}

function formatFinding(finding: Finding): string {
  const about = finding.id === undefined ? '' : ` ${finding.id}`;
  return `${severityOf(finding)} ${finding.file}: ${finding.code}${about} (${finding.detail}): ${WORDING[finding.code]}`;
}
