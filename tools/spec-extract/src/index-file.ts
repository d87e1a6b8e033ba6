import { parse, stringify } from 'yaml';
import { isLevel } from './keyword.ts';
import { isRequirementId } from './requirement-id.ts';
import {
  type CitingTest,
  type IndexedRequirement,
  indexPath,
  type PackageIndex,
  type RequirementState,
  STATES,
} from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import type { TextFile } from './text-file.ts';

const TEST_STATES: readonly CitingTest['state'][] = ['passed', 'failed', 'skipped', 'not_run'];

/**
 * Renders the index of a package; equal indexes give equal bytes.
 *
 * @spec DML-TRC-0602
 */
export function renderIndexFile(index: PackageIndex): TextFile {
  const requirements = sortedBy(index.requirements, ({ id }) => id).map((entry) => [
    entry.id,
    toPlain(entry),
  ]);
  const body = {
    package: index.packageName,
    document: index.document,
    requirements: Object.fromEntries(requirements),
  };
  const header = `# Generated from ${index.document} by \`npm run spec -- generate\`; do not edit by hand.\n`;
  // @spec DML-TRC-0604
  const text = `${header}${stringify(body, { lineWidth: 0 })}`.replace(/\r\n?/g, '\n');
  return { path: indexPath(index.packageName), text };
}

/** Reads an index file; throws an Error that names the first wrong field. */
export function readIndexFile(file: TextFile): PackageIndex {
  const body = asRecord(parse(file.text), 'index');
  const requirements = Object.entries(asRecord(body.requirements ?? {}, 'requirements')).map(fromPlain);
  return {
    packageName: asText(body.package, 'package'),
    document: asText(body.document, 'document'),
    requirements: sortedBy(requirements, ({ id }) => id),
  };
}

/**
 * Reads one requirement of an index file without parsing the others; undefined when it is not there.
 *
 * Parsing all of a large index would take most of the second that an answer may take.
 */
export function readIndexedRequirement(
  file: TextFile,
  requirementId: string,
): IndexedRequirement | undefined {
  if (!/^requirements:/m.test(file.text)) readIndexFile(file);
  const text = file.text.replaceAll('\r\n', '\n');
  const start = text.indexOf(`\n  ${requirementId}:\n`);
  if (start < 0) return undefined;
  const end = text.slice(start + 1).search(/\n {0,2}\S/);
  const body = asRecord(
    parse(end < 0 ? text.slice(start) : text.slice(start, start + 1 + end)),
    requirementId,
  );
  return fromPlain([requirementId, body[requirementId]]);
}

function toPlain(entry: IndexedRequirement): Record<string, unknown> {
  return {
    level: entry.level,
    section: entry.section,
    fingerprint: entry.fingerprint,
    reviewed: entry.reviewed,
    state: entry.state,
    ...(entry.exception && { exception: { reason: entry.exception.reason, until: entry.exception.until } }),
    ...(entry.impliedBy && { implied_by: entry.impliedBy }),
    owners: [...entry.owners].sort(),
    tests: sortedBy(entry.tests, testKey).map(({ file, title, state }) => ({ file, title, state })),
  };
}

function testKey(test: CitingTest): string {
  return `${test.file}\u0000${test.title}\u0000${test.state}`;
}

function fromPlain([id, value]: [string, unknown]): IndexedRequirement {
  if (!isRequirementId(id)) throw new Error(`${id} is not a requirement id`);
  const plain = asRecord(value, id);
  const level = asText(plain.level, `${id}.level`);
  if (!isLevel(level)) throw new Error(`${id}.level is not a level`);
  const impliedBy = plain.implied_by;
  return {
    id,
    level,
    section: asText(plain.section, `${id}.section`),
    fingerprint: asText(plain.fingerprint, `${id}.fingerprint`),
    reviewed: asText(plain.reviewed, `${id}.reviewed`),
    state: asOneOf<RequirementState>(plain.state, STATES, `${id}.state`),
    ...(plain.exception !== undefined && { exception: asException(plain.exception, id) }),
    ...(impliedBy !== undefined && {
      impliedBy: asOneOf(impliedBy, ['types', 'compiler'] as const, `${id}.implied_by`),
    }),
    owners: asList(plain.owners, `${id}.owners`).map((owner) => asText(owner, `${id}.owners[]`)),
    tests: asList(plain.tests, `${id}.tests`).map((test) => asTest(test, id)),
  };
}

function asException(value: unknown, id: string): { reason: string; until: string } {
  const { reason, until } = asRecord(value, `${id}.exception`);
  return { reason: asText(reason, `${id}.exception.reason`), until: asText(until, `${id}.exception.until`) };
}

function asTest(value: unknown, id: string): CitingTest {
  const { file, title, state } = asRecord(value, `${id}.tests[]`);
  return {
    file: asText(file, `${id}.tests[].file`),
    title: asText(title, `${id}.tests[].title`),
    state: asOneOf(state, TEST_STATES, `${id}.tests[].state`),
  };
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not a map`);
  return value as Readonly<Record<string, unknown>>;
}

function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value;
}

function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} is not a text`);
  return value;
}

function asOneOf<T extends string>(value: unknown, allowed: readonly T[], what: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${what} is none of ${allowed.join(', ')}`);
  return found;
}
