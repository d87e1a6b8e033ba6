import { type RequirementRecord, type RequirementState, STATES } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import { whyUnproven } from './state.ts';
import type { TextFile } from './text-file.ts';

/** Path of the report that covers the whole suite. */
export const COMPLIANCE_PATH = 'COMPLIANCE.md';

/** Renders the report of the whole suite: counts, and what is not plainly verified. */
export function renderCompliance(
  documents: readonly string[],
  records: readonly RequirementRecord[],
): TextFile {
  const ordered = sortedBy(records, ({ document, id }) => `${document} ${id}`);
  const lines = [
    '# Compliance',
    '',
    'Generated from `specs/` and the last test results by `npm run spec -- generate`; do not edit by hand.',
    'What is verified is only counted: `npm run spec -- <ID>` shows its text, owner and tests. How to read',
    'this page: [traceability](docs/TRACEABILITY.md).',
    '',
    '## Summary',
    '',
    ...summaryTable(documents, ordered),
    // @spec DML-TRC-0916
    ...section('Not verified', notVerified(ordered)),
    ...section('Planned', planned(ordered)),
    ...section('Weak evidence', weak(ordered)),
  ];
  return { path: COMPLIANCE_PATH, text: `${lines.join('\n')}\n` };
}

/** Counts the requirements in each state, in the order of `STATES`. */
function countStates(requirements: readonly { readonly state: RequirementState }[]): number[] {
  return STATES.map((state) => requirements.filter((entry) => entry.state === state).length);
}

/** Returns the repo-relative link of a section. */
export function sectionLink(document: string, section: string): string {
  return section === '' ? document : `${document}#${section}`;
}

function summaryTable(documents: readonly string[], records: readonly RequirementRecord[]): string[] {
  const row = (name: string, own: readonly RequirementRecord[]): readonly (string | number)[] => [
    name,
    own.length,
    ...countStates(own),
  ];
  return table(
    ['document', 'total', ...STATES],
    [
      ...documents.map((path) =>
        row(
          linkTo(path),
          records.filter(({ document }) => document === path),
        ),
      ),
      row('all', records),
    ],
  );
}

function notVerified(records: readonly RequirementRecord[]): string[] {
  const rows = records
    .filter(({ state }) => ['open', 'suspect', 'exception'].includes(state))
    .map((record) => [idLink(record), record.level, record.state, whyNot(record)]);
  return rows.length === 0 ? ['None.'] : table(['id', 'level', 'state', 'why'], rows);
}

function whyNot({ state, exception, reviewed, owners, tests }: RequirementRecord): string {
  if (exception !== undefined) return `until ${exception.until}: ${exception.reason}`;
  if (state === 'suspect') return reviewed === undefined ? 'never reviewed' : 'the text changed';
  if (owners.length !== 1) return owners.length === 0 ? 'no owner' : `${owners.length} owners`;
  return whyUnproven(tests);
}

/** Groups by milestone; what has none stands by its section. */
function planned(records: readonly RequirementRecord[]): string[] {
  const groups = new Map<string, RequirementRecord[]>();
  for (const record of records.filter(({ state }) => state === 'planned')) {
    const key = `${record.milestone ?? ''}\u0000${sectionLink(record.document, record.section)}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  const rows = sortedBy(groups, ([key]) => key).map(([key, group]) => {
    const [milestone = '', place = ''] = key.split('\u0000');
    const ids = group.map(({ id }) => id);
    const range = ids.length === 1 ? ids[0]! : `${ids[0]} to ${ids.at(-1)}`;
    return [milestone || '–', linkTo(place), ids.length, range];
  });
  return rows.length === 0 ? ['None.'] : table(['milestone', 'section', 'requirements', 'ids'], rows);
}

function weak(records: readonly RequirementRecord[]): string[] {
  const kinds: [string, (record: RequirementRecord) => boolean][] = [
    ['Held by types or the compiler, without a test', ({ state }) => state === 'implied'],
    ['Shown only by tests that cite another requirement too', isShownTogether],
  ];
  return kinds.flatMap(([title, isOfKind], index) => {
    const found = records.filter(isOfKind).map(idLink);
    return [
      ...(index === 0 ? [] : ['']),
      `${title}: ${found.length === 0 ? 'none.' : `${found.length}.`}`,
      ...list(found),
    ];
  });
}

function isShownTogether({ state, tests }: RequirementRecord): boolean {
  return state === 'verified' && tests.every((test) => test.state !== 'passed' || test.isShared === true);
}

/** Lists ids, as many on a line as a reader can take in. */
function list(ids: readonly string[]): string[] {
  const lines = ids.length === 0 ? [] : [''];
  for (let at = 0; at < ids.length; at += PER_LINE) lines.push(ids.slice(at, at + PER_LINE).join(', '));
  return lines;
}

const PER_LINE = 4;

function section(title: string, lines: readonly string[]): string[] {
  return ['', `## ${title}`, '', ...lines];
}

function idLink({ id, document, section }: RequirementRecord): string {
  return `[${id}](${sectionLink(document, section)})`;
}

/** Returns a link that is named by file and heading. */
function linkTo(target: string): string {
  return `[${target.replace(/^specs\/|\.md(?=#|$)/g, '').replace('#', ' ')}](${target})`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  const isNumber = (column: number): boolean => typeof rows[0]?.[column] === 'number';
  return [line(head), line(head.map((_, column) => (isNumber(column) ? '---:' : '---'))), ...rows.map(line)];
}
