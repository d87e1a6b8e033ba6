import { sectionLink } from './compliance.ts';
import { currentResults } from './current-results.ts';
import { readFolder } from './disk.ts';
import { isSpecDocument, packageOf } from './document-package.ts';
import { readIndexFile } from './index-file.ts';
import { type Answer, EXIT, SuiteError, UsageError } from './output.ts';
import { citationsIn, nearestIds } from './requirement-id.ts';
import type { IndexRow, PackageIndex } from './requirement-index.ts';
import { readResultFile } from './result-file.ts';
import { sortedBy } from './sorted.ts';
import { parseSpecDocument } from './spec-document.ts';
import { joinResults } from './test-result.ts';
import type { TextFile } from './text-file.ts';
import { readSuite } from './workspace.ts';

/** Shows one requirement. Owners and tests are found by their texts alone, which keeps the answer fast. */
export function show(root: string, today: string, requirementId: string): Answer {
  const stating = readSpecs(root).filter(({ text }) => text.includes(`[${requirementId}]`));
  const stated = stating
    .flatMap((document) => parseSpecDocument(document).requirements)
    .find(({ id }) => id === requirementId);
  if (stated === undefined) throw unknownId(root, requirementId);
  const { id, level, text, fingerprint, packageName } = stated;
  const row = readIndexes(root)
    .find((index) => index.packageName === packageName)
    ?.rows.find((candidate) => candidate.id === requirementId);
  const section = sectionLink(stated.document, stated.section);
  const state = stateNow(fingerprint, row);
  const { owners, tests } = citationsOf(root, today, id);
  const lines = [
    `${id} (${level}, ${state})`,
    text,
    '',
    `section  ${section}`,
    ...labelled('owner', owners),
    ...labelled('test', tests),
  ];
  return {
    exitCode: EXIT.green,
    // @spec DML-TRC-0801
    text: lines.join('\n'),
    json: { id, level, text, section, state, owners, tests },
  };
}

/** Reads the index files of all packages in the order of their documents, those without a document last. */
export function readIndexes(root: string): PackageIndex[] {
  const packages = readSpecs(root).map(packageOf);
  const place = ({ packageName }: PackageIndex): string => {
    const at = packages.indexOf(packageName);
    return String(at < 0 ? packages.length : at).padStart(3, '0');
  };
  return sortedBy(readFolder(root, 'requirements', /\.yaml$/).map(readOneIndex), place);
}

/** Returns the error for an id that no specification defines. */
export function unknownId(root: string, requirementId: string): UsageError {
  const known = readSpecs(root).flatMap((document) =>
    parseSpecDocument(document).requirements.map(({ id }) => id),
  );
  const nearest = nearestIds(requirementId, [...new Set(known)]);
  // @spec DML-TRC-0808
  const hint =
    nearest.length === 0 ? 'no specification defines any id' : `did you mean ${nearest.join(', ')}?`;
  return new UsageError(`no specification defines ${requirementId}; ${hint}`);
}

function readSpecs(root: string): TextFile[] {
  return readFolder(root, 'specs', /\.md$/).filter(({ path }) => isSpecDocument(path));
}

function readOneIndex(file: TextFile): PackageIndex {
  try {
    return readIndexFile(file);
  } catch (error) {
    throw new SuiteError(`${file.path} cannot be read: restore it from the last commit, or remove it`, {
      cause: error,
    });
  }
}

/** Returns where code owns an id and how the tests ended that cite it. */
function citationsOf(root: string, today: string, id: string): { owners: string[]; tests: string[] } {
  const suite = readSuite(root, today);
  const owners = suite.sources.flatMap(({ path, text }) =>
    citationsIn(text)
      .filter(({ ids }) => ids.includes(id))
      .map(({ index }) => `${path}:${lineAt(text, index)}`),
  );
  const reports = suite.results.flatMap((file) => {
    const result = readResultFile(file);
    return result.readable ? result.tests.filter(({ title }) => title.includes(id)) : [];
  });
  const citing = joinResults(reports, new Set(suite.paths)).filter(({ cited }) => cited.includes(id));
  const ran = currentResults(citing, suite);
  const tests = ran.map(({ outcome, file, name }) => `${outcome} ${file} > ${name}`);
  const notRun = suite.tests
    .filter(({ path, text }) => text.includes(id) && !ran.some(({ file }) => file === path))
    .map(({ path, text }) => `not run ${path}:${lineAt(text, text.indexOf(id))}`);
  return { owners, tests: [...tests, ...notRun] };
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function stateNow(fingerprint: string, row: IndexRow | undefined): string {
  if (row === undefined) return 'not in the index yet: run `npm run spec -- generate`';
  if (row.fingerprint !== fingerprint) return `${row.state}, text changed since the index was generated`;
  return row.state;
}

function labelled(label: string, values: readonly string[]): string[] {
  if (values.length === 0) return [`${label.padEnd(7)}  –`];
  return values.map((value, index) => `${(index === 0 ? label : '').padEnd(7)}  ${value}`);
}
