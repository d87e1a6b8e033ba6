import { sectionLink } from './compliance.ts';
import { formatFindings, isRed } from './finding.ts';
import { plan } from './plan.ts';
import type { RequirementRecord } from './requirement-record.ts';
import { readSuite, writeFiles } from './workspace.ts';

/** Result of a command for people, and whether all is as it should be. */
export interface Answer {
  readonly text: string;
  readonly isRed: boolean;
}

/** Reason why a command could not start. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const NOTHING_WRITTEN = 'wrote nothing: the generated files keep what the last complete run showed';

/**
 * Reports every finding of the suite.
 *
 * @spec DML-TRC-0605
 */
export function check(root: string): Answer {
  const { findings } = plan(readSuite(root));
  return { text: formatFindings(findings), isRed: findings.some(isRed) };
}

/** Writes the generated files that differ, then reports the findings that remain. */
export function generate(root: string): Answer {
  const suite = readSuite(root);
  const { findings, files, mayWrite } = plan(suite);
  const written = mayWrite ? writeFiles(root, files, suite.generated) : [];
  // @spec DML-TRC-0610
  const lines = mayWrite ? written.map((path) => `wrote ${path}`) : [NOTHING_WRITTEN];
  const left = findings.filter(({ code }) => code !== 'file_outdated');
  return { text: [...lines, formatFindings(left)].join('\n'), isRed: left.some(isRed) };
}

/** Records that the texts of the ids named, or of all suspect requirements, were reviewed. */
export function review(root: string, wanted: readonly string[] | 'all'): Answer {
  const suite = readSuite(root);
  const { records, reviewed, findings, files, mayWrite } = plan(suite, wanted);
  for (const id of wanted === 'all' ? [] : wanted) statedIn(records, id);
  if (!mayWrite) return { text: [NOTHING_WRITTEN, formatFindings(findings)].join('\n'), isRed: true };
  writeFiles(root, files, suite.generated);
  const lines = reviewed.map((id) => `reviewed ${id}`);
  return { text: lines.length === 0 ? 'nothing to review' : lines.join('\n'), isRed: false };
}

/** Shows one requirement. */
export function show(root: string, id: string): Answer {
  const record = statedIn(plan(readSuite(root)).records, id);
  const { level, state, text, owners, tests } = record;
  const lines = [
    `${id} (${level}, ${state})`,
    text,
    '',
    ...labelled('section', [sectionLink(record)]),
    ...labelled('owner', owners),
    ...labelled(
      'test',
      tests.map(({ outcome, file, name }) => `${outcome} ${file} > ${name}`),
    ),
  ];
  // @spec DML-TRC-0801
  return { text: lines.join('\n'), isRed: false };
}

function labelled(label: string, values: readonly string[]): string[] {
  const lines = values.length === 0 ? ['–'] : values;
  return lines.map((value, index) => `${(index === 0 ? label : '').padEnd(7)}  ${value}`);
}

/** Returns the record of an id that a specification defines. */
export function statedIn(records: readonly RequirementRecord[], id: string): RequirementRecord {
  const record = records.find((candidate) => candidate.id === id && candidate.fingerprint !== '');
  // @spec DML-TRC-1900
  if (record === undefined) throw new UsageError(`no specification defines ${id}`);
  return record;
}
