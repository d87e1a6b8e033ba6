import { type IndexedRequirement, type PackageIndex, STATES } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import type { TextFile } from './text-file.ts';

/** Path of the report that covers the whole suite. */
export const COMPLIANCE_PATH = 'COMPLIANCE.md';

/** Renders the report of the whole suite from the index alone. */
export function renderCompliance(indexes: readonly PackageIndex[]): TextFile {
  const ordered = sortedBy(indexes, ({ document }) => document);
  const lines = [
    '# Compliance',
    '',
    'Generated from `specs/` and the last test results by `npm run spec -- generate`; do not edit by hand.',
    'How to read it: [traceability](docs/TRACEABILITY.md).',
    '',
    '## Summary',
    '',
    ...summaryTable(ordered),
    ...ordered.flatMap(packageSection),
  ];
  return { path: COMPLIANCE_PATH, text: `${lines.join('\n')}\n` };
}

/** Counts the requirements of a package in each state, in the order of `STATES`. */
export function countStates(requirements: readonly IndexedRequirement[]): number[] {
  return STATES.map((state) => requirements.filter((entry) => entry.state === state).length);
}

function summaryTable(indexes: readonly PackageIndex[]): string[] {
  const all = indexes.flatMap(({ requirements }) => requirements);
  const row = (name: string, requirements: readonly IndexedRequirement[]): string =>
    tableRow([name, requirements.length, ...countStates(requirements)]);
  return [
    tableRow(['package', 'total', ...STATES]),
    tableRow(['---', '---:', ...STATES.map(() => '---:')]),
    ...indexes.map(({ packageName, requirements }) => row(`[${packageName}](#${packageName})`, requirements)),
    row('all', all),
  ];
}

function packageSection(index: PackageIndex): string[] {
  const rows = sortedBy(index.requirements, ({ id }) => id).map((entry) =>
    tableRow([
      `[${entry.id}](${sectionLink(index.document, entry.section)})`,
      entry.level,
      describeState(entry),
      entry.owners.map(ownerLink).join(', ') || '–',
      `${entry.tests.filter(({ state }) => state === 'passed').length} of ${entry.tests.length}`,
    ]),
  );
  return [
    '',
    `## ${index.packageName}`,
    '',
    `From [${index.document}](${index.document}).`,
    '',
    tableRow(['id', 'level', 'state', 'owner', 'tests passed']),
    tableRow(['---', '---', '---', '---', '---']),
    ...rows,
  ];
}

/** Yields the repo-relative link of a section. */
export function sectionLink(document: string, section: string): string {
  return section === '' ? document : `${document}#${section}`;
}

/** Yields a state in words, with the terms of an exception. */
export function describeState(entry: IndexedRequirement): string {
  if (entry.exception !== undefined)
    return `${entry.state} until ${entry.exception.until}: ${entry.exception.reason}`;
  return entry.impliedBy === undefined ? entry.state : `${entry.state} by ${entry.impliedBy}`;
}

function ownerLink(owner: string): string {
  const [file = '', symbol] = owner.split('#', 2);
  const name = file.slice(file.lastIndexOf('/') + 1);
  return `[\`${symbol === undefined ? name : `${name} ${symbol}`}\`](${file})`;
}

function tableRow(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}
