import type { Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { renderCompliance } from './compliance.ts';
import { COMPLIANCE_PATH, isIndex, type TextFile } from './file-role.ts';
import { type Finding, sortFindings } from './finding.ts';
import { readIndexFile, renderIndexFile } from './index-file.ts';
import { linkFindings, withFolders } from './link.ts';
import { citableText } from './markdown.ts';
import { ownerFindings, ownersIn } from './owner.ts';
import { idsIn } from './requirement-id.ts';
import {
  keepVanished,
  type RequirementRecord,
  recordRequirement,
  requirementFindings,
} from './requirement-record.ts';
import { currentResults, type Report, readReport, titleFindings } from './results.ts';
import { groupedBy, sortedBy } from './sorted.ts';
import {
  isOverview,
  isSpecDocument,
  parseSpecDocument,
  type Requirement,
  type SpecDocument,
} from './spec-document.ts';

/** Everything the tool looks at, as text. The order of the lists does not matter. */
export interface Suite {
  /** Markdown documents of the repository, specifications included, generated ones apart. */
  readonly documents: readonly TextFile[];
  /** Non-test source files that may own requirements. */
  readonly sources: readonly TextFile[];
  /** Test files, and the modules in the folders of tests. */
  readonly tests: readonly TextFile[];
  /** Golden vectors. */
  readonly vectors: readonly TextFile[];
  /** Result files of the test runners. */
  readonly results: readonly TextFile[];
  /** The generated files as the last run left them. */
  readonly generated: readonly TextFile[];
  /** Every file of the repository, for links. */
  readonly paths: readonly string[];
}

/** The ids whose texts are being reviewed, or all that are suspect. */
export type Reviewing = readonly string[] | 'all';

/** Plan of one run, before any file is written. */
export interface Plan {
  readonly records: readonly RequirementRecord[];
  /** The ids whose reviewed text this run changes. */
  readonly reviewed: readonly string[];
  readonly findings: readonly Finding[];
  /** The generated files; the same whatever the order of the inputs. */
  readonly files: readonly TextFile[];
  /** False when writing the files would lose what the last run recorded. */
  readonly mayWrite: boolean;
}

/** Computes records, findings and generated files of a suite. */
export function plan(suite: Suite, reviewing: Reviewing = []): Plan {
  const specs = readSpecs(suite.documents);
  const previous = readAll(
    suite.generated.filter(({ path }) => isIndex(path)),
    readIndexFile,
    'index_unreadable',
  );
  const reports = readAll(suite.results, ({ text }) => readReport(text), 'result_unreadable');
  const owners = suite.sources.flatMap(ownersIn);
  const reported = reports.values.flatMap((report) => report.tests);
  const tests = sortedBy(currentResults(reported, suite), ({ file, name, outcome }) =>
    [file, name, outcome].join('\u0000'),
  );
  const rows = sortedBy(previous.values.flat(), ({ id, document }) => `${id} ${document}`);
  const previousById = new Map(rows.map((row) => [row.id, row]));

  const ownersById = groupedBy(owners, ({ id }) => [id]);
  const testsById = groupedBy(tests, ({ cited }) => cited);
  const recordOf = (requirement: Requirement, isReviewed: boolean): RequirementRecord =>
    recordRequirement(requirement, {
      previous: previousById.get(requirement.id),
      isReviewed,
      owners: ownersById.get(requirement.id) ?? [],
      tests: testsById.get(requirement.id) ?? [],
    });
  const reviewed: string[] = [];
  const stated = [...specs.byId.values()].map((requirement) => {
    const record = recordOf(requirement, false);
    // @spec DML-TRC-0804 DML-TRC-0805
    const isMeant = reviewing === 'all' ? record.state === 'suspect' : reviewing.includes(record.id);
    if (!isMeant) return record;
    reviewed.push(record.id);
    return recordOf(requirement, true);
  });
  // @spec DML-TRC-0104
  const vanished = rows.filter(({ id }) => !specs.byId.has(id)).map(keepVanished);
  const records = [...stated, ...vanished];
  const files = sortedBy(filesOf(specs.documents, records), ({ path }) => path);

  const missing = missingResults(suite.results, reports.values, stated);
  const unreadable = [...previous.findings, ...reports.findings];
  // @spec DML-TRC-0609
  const mayWrite = [...missing, ...unreadable].length === 0;
  const findings: Finding[] = [
    ...specs.findings,
    ...unreadable,
    ...missing,
    ...vanished.map(({ id, document }) => ({ code: 'id_vanished' as const, id, file: document, detail: id })),
    ...ownerFindings(owners, specs.byId),
    ...titleFindings(tests, specs.byId),
    ...mentionFindings(suite, files, specs.byId),
    // @spec DML-TRC-0422
    ...stated.flatMap((record) =>
      requirementFindings(record, previousById.get(record.id), missing.length === 0),
    ),
    // Without results or a readable index nothing can be said about the generated files.
    ...(mayWrite ? outdatedFindings(files, suite.generated) : []),
  ];
  return { records, reviewed: reviewed.sort(), findings: sortFindings(findings), files, mayWrite };
}

interface Specs {
  readonly documents: readonly SpecDocument[];
  readonly byId: ReadonlyMap<string, Requirement>;
  readonly findings: readonly Finding[];
}

function readSpecs(documents: readonly TextFile[]): Specs {
  // @spec DML-TRC-0603
  const ordered = sortedBy(documents, ({ path }) => path).filter(({ path }) => path.startsWith('specs/'));
  const specs = ordered.filter(({ path }) => isSpecDocument(path)).map(parseSpecDocument);
  const byId = new Map<string, Requirement>();
  const findings = specs.flatMap((spec) => spec.findings);
  // @spec DML-TRC-0921
  if (specs.length === 0) findings.push({ code: 'document_empty', file: 'specs', detail: 'no document' });
  // @spec DML-TRC-0912
  for (const { path } of ordered)
    if (!isSpecDocument(path)) findings.push({ code: 'document_misnamed', file: path, detail: path });
  for (const requirement of specs.flatMap(({ requirements }) => requirements)) {
    const { id, document } = requirement;
    const earlier = byId.get(id) ?? requirement;
    byId.set(id, earlier);
    // @spec DML-TRC-0103
    if (earlier !== requirement)
      findings.push({
        code: 'id_reused',
        id,
        file: document,
        detail: `defined before in ${earlier.document}`,
      });
  }
  return { documents: specs, byId, findings };
}

/** Reads files that another program wrote; one that cannot be read is a finding. */
function readAll<T>(
  files: readonly TextFile[],
  read: (file: TextFile) => T,
  // @spec DML-TRC-0412 DML-TRC-0608
  code: 'result_unreadable' | 'index_unreadable',
): { values: T[]; findings: Finding[] } {
  const values: T[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    try {
      values.push(read(file));
    } catch (error) {
      const [detail = ''] = String(error).split('\n', 1);
      findings.push({ code, file: file.path, detail });
    }
  }
  return { values, findings };
}

/** Returns one finding for missing results, or one for each project without, in place of one per requirement. */
function missingResults(
  results: readonly TextFile[],
  reports: readonly Report[],
  records: readonly RequirementRecord[],
): Finding[] {
  const needed = records.some(({ state }) => state === 'open' || state === 'suspect');
  // @spec DML-TRC-0411
  if (results.length === 0)
    return needed ? [{ code: 'results_missing', file: 'test-results', detail: 'no result file' }] : [];
  const present = new Set(results.map(({ path }) => path));
  const configured = new Set(reports.flatMap((report) => report.configured));
  // @spec DML-TRC-0421
  return [...configured]
    .map((project) => ({
      file: `test-results/${project}.json`,
      detail: `no result of the project ${project}`,
    }))
    .filter(({ file }) => !present.has(file))
    .map((place) => ({ code: 'results_missing', ...place }));
}

/** Judges links, and ids that stand elsewhere than in specifications, owners and titles. */
function mentionFindings(
  { documents, sources, vectors, paths }: Suite,
  files: readonly TextFile[],
  requirements: ReadonlyMap<string, Requirement>,
): Finding[] {
  const unknown = (file: string, text: string): Finding[] => {
    // @spec DML-TRC-0307
    const ids = idsIn(text).filter((id) => !requirements.has(id));
    return ids.map((id) => ({ code: 'unknown_id', id, file, detail: id }));
  };
  const compliance = files.filter(({ path }) => path === COMPLIANCE_PATH);
  const parsed = new Map<string, Root>(
    [...documents, ...compliance].map(({ path, text }) => [path, fromMarkdown(text)]),
  );
  const targets = { paths: withFolders([...paths, ...files.map(({ path }) => path)]), documents: parsed };
  return [
    ...[...sources, ...vectors].flatMap(({ path, text }) => unknown(path, text)),
    ...documents.flatMap(({ path }) => {
      const root = parsed.get(path)!;
      return [...unknown(path, citableText(root)), ...linkFindings(path, root, targets)];
    }),
  ];
}

/** Returns one index per package that has a document, or requirements that left all documents, and the report. */
function filesOf(documents: readonly SpecDocument[], records: readonly RequirementRecord[]): TextFile[] {
  const counted = documents.filter((document) => !isOverview(document));
  const paths = counted.map(({ path }) => path);
  const byPackage = groupedBy(records, ({ packageName }) => [packageName]);
  for (const { packageName } of counted) if (!byPackage.has(packageName)) byPackage.set(packageName, []);
  // @spec DML-TRC-0601
  const indexes = [...byPackage].map(([name, own]) => renderIndexFile(name, own));
  return [renderCompliance(paths, records), ...indexes];
}

/** Returns one finding for every generated file whose bytes differ from what is on disk. */
function outdatedFindings(files: readonly TextFile[], onDisk: readonly TextFile[]): Finding[] {
  const textOf = new Map(onDisk.map(({ path, text }) => [path, text]));
  const written = new Set(files.map(({ path }) => path));
  // @spec DML-TRC-0606
  const outdated = files.filter(({ path, text }) => textOf.get(path) !== text);
  return [
    ...outdated.map(({ path }) => [path, textOf.has(path) ? 'differs' : 'is not there'] as const),
    ...onDisk
      .filter(({ path }) => !written.has(path))
      .map(({ path }) => [path, 'belongs to no document'] as const),
  ].map(([file, detail]) => ({ code: 'file_outdated', file, detail }));
}
