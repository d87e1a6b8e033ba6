import { COMPLIANCE_PATH, type TextFile } from './file-role.ts';
import { type RequirementRecord, STATES, whyUnproven } from './requirement-record.ts';
import { groupedBy, sortedBy } from './sorted.ts';

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
    ...summary(documents, ordered),
    // @spec DML-TRC-0916
    ...section('Not verified', notVerified(ordered)),
    ...section('Planned', planned(ordered)),
    ...section('Weak evidence', weak(ordered)),
  ];
  return { path: COMPLIANCE_PATH, text: `${lines.join('\n')}\n` };
}

/** Returns the repo-relative link of the section of a requirement. */
export function sectionLink({ document, section }: RequirementRecord): string {
  return section === '' ? document : `${document}#${section}`;
}

function summary(documents: readonly string[], records: readonly RequirementRecord[]): string[] {
  const counted = (name: string, own: readonly RequirementRecord[]): readonly (string | number)[] => [
    name,
    own.length,
    ...STATES.map((state) => own.filter((record) => record.state === state).length),
  ];
  const ofDocument = (path: string) => records.filter(({ document }) => document === path);
  const rows = documents.map((path) => counted(linkTo(path), ofDocument(path)));
  return table(['document', 'total', ...STATES], [...rows, counted('all', records)]);
}

function notVerified(records: readonly RequirementRecord[]): string[] {
  const rows = records
    .filter(({ state }) => state === 'open' || state === 'suspect')
    .map((record) => [idLink(record), record.level, record.state, whyNot(record)]);
  return rows.length === 0 ? ['None.'] : table(['id', 'level', 'state', 'why'], rows);
}

function whyNot({ state, reviewed, owners, tests }: RequirementRecord): string {
  if (state === 'suspect') return reviewed === undefined ? 'never reviewed' : 'the text changed';
  if (owners.length !== 1) return owners.length === 0 ? 'no owner' : `${owners.length} owners`;
  return whyUnproven(tests);
}

/** Groups by milestone; what has none is listed by its section. */
function planned(records: readonly RequirementRecord[]): string[] {
  const groups = groupedBy(
    records.filter(({ state }) => state === 'planned'),
    (record) => [`${record.marks.milestone ?? ''}\u0000${sectionLink(record)}`],
  );
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
    const line = `${title}: ${found.length === 0 ? 'none.' : `${found.length}.`}`;
    return [...(index === 0 ? [] : ['']), line, ...list(found)];
  });
}

function isShownTogether({ state, tests }: RequirementRecord): boolean {
  return (
    state === 'verified' && tests.every(({ outcome, cited }) => outcome !== 'passed' || cited.length > 1)
  );
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

function idLink(record: RequirementRecord): string {
  return `[${record.id}](${sectionLink(record)})`;
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
