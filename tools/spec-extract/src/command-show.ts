import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeState, sectionLink } from './compliance.ts';
import { readFolder, readText } from './disk.ts';
import { isSpecDocument, packageOf } from './document-package.ts';
import { readIndexedRequirement, readIndexFile } from './index-file.ts';
import { type Answer, EXIT, SuiteError, UsageError } from './output.ts';
import { definedIds, recordedText } from './recorded-text.ts';
import { nearestIds } from './requirement-id.ts';
import { type IndexedRequirement, indexPath, type PackageIndex } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import type { Requirement } from './spec-document.ts';
import type { TextFile } from './text-file.ts';

/** Shows one requirement; reads only its document and its index, which keeps it fast. */
export async function show(root: string, requirementId: string): Promise<Answer> {
  const stating = readSpecs(root).filter(({ text }) => text.includes(`[${requirementId}]`));
  for (const document of stating) {
    const record = recordOf(root, packageOf(document), requirementId);
    const text = record && recordedText(document, record);
    if (record !== undefined && text !== undefined)
      return answer({ ...record, document: document.path, text }, record);
  }
  // The parser of Markdown takes longer to load than everything else takes to answer.
  const { parseSpecDocument } = await import('./spec-document.ts');
  for (const document of stating) {
    const stated = parseSpecDocument(document).requirements.find(({ id }) => id === requirementId);
    if (stated !== undefined) return answer(stated, recordOf(root, packageOf(document), requirementId));
  }
  throw unknownId(root, requirementId);
}

/** Reads the specification documents, in their order. */
export function readSpecs(root: string): TextFile[] {
  return readFolder(root, 'specs', /\.md$/).filter(({ path }) => isSpecDocument(path));
}

/** Reads the index files of all packages, ordered by document. */
export function readIndexes(root: string): PackageIndex[] {
  return sortedBy(readFolder(root, 'requirements', /\.yaml$/).map(readOneIndex), ({ document }) => document);
}

/** Yields the error for an id that no specification defines. */
export function unknownId(root: string, requirementId: string): UsageError {
  const known = readSpecs(root).flatMap(definedIds);
  const nearest = nearestIds(requirementId, [...new Set(known)]);
  // @spec DML-TRC-0808
  const hint =
    nearest.length === 0 ? 'no specification defines any id' : `did you mean ${nearest.join(', ')}?`;
  return new UsageError(`no specification defines ${requirementId}; ${hint}`);
}

function readOneIndex(file: TextFile): PackageIndex {
  return readable(file, () => readIndexFile(file));
}

function readable<T>(file: TextFile, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SuiteError(`${file.path} cannot be read: restore it from the last commit`, { cause: error });
  }
}

function recordOf(root: string, packageName: string, requirementId: string): IndexedRequirement | undefined {
  const path = indexPath(packageName);
  if (!existsSync(join(root, path))) return undefined;
  const file = readText(root, path);
  return readable(file, () => readIndexedRequirement(file, requirementId));
}

type Stated = Pick<Requirement, 'id' | 'level' | 'text' | 'document' | 'section' | 'fingerprint'>;

function answer(requirement: Stated, record: IndexedRequirement | undefined): Answer {
  const { id, level, text } = requirement;
  const section = sectionLink(requirement.document, requirement.section);
  const state = stateNow(requirement, record);
  const owners = record?.owners ?? [];
  const tests = record?.tests ?? [];
  const lines = [
    `${id} (${level}, ${state})`,
    text,
    '',
    `section  ${section}`,
    ...labelled('owner', owners),
    ...labelled(
      'test',
      tests.map((test) => `${test.state} ${test.file} > ${test.title}`),
    ),
  ];
  return {
    exitCode: EXIT.green,
    // @spec DML-TRC-0801
    text: lines.join('\n'),
    json: { id, level, text, section, state, owners, tests },
  };
}

function stateNow(requirement: Stated, record: IndexedRequirement | undefined): string {
  if (record === undefined) return 'not in the index yet: run `npm run spec -- generate`';
  if (record.fingerprint !== requirement.fingerprint)
    return `${describeState(record)}, text changed since the index was generated`;
  return describeState(record);
}

function labelled(label: string, values: readonly string[]): string[] {
  if (values.length === 0) return [`${label.padEnd(7)}  –`];
  return values.map((value, index) => `${(index === 0 ? label : '').padEnd(7)}  ${value}`);
}
