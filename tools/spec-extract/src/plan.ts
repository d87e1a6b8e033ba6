import { mentionFindings, ownerFindings, titleFindings } from './citation-findings.ts';
import { citingTestsById } from './citing-tests.ts';
import { COMPLIANCE_PATH, renderCompliance } from './compliance.ts';
import { currentResults } from './current-results.ts';
import { isOverview, isSpecDocument } from './document-package.ts';
import { type Finding, sortFindings } from './finding.ts';
import { readIndexFile, renderIndexFile } from './index-file.ts';
import { linkFindings, linkTargets } from './link.ts';
import { citableText, parseMarkdown } from './markdown.ts';
import { ownersIn } from './owner.ts';
import { idsIn } from './requirement-id.ts';
import type { PackageIndex, RequirementRecord } from './requirement-index.ts';
import { keepVanished, recordRequirement, requirementFindings } from './requirement-record.ts';
import { readResultFile } from './result-file.ts';
import { sortedBy } from './sorted.ts';
import { parseSpecDocument, type Requirement, type SpecDocument } from './spec-document.ts';
import { joinResults, type ReportedTest, type TestResult } from './test-result.ts';
import type { TextFile } from './text-file.ts';

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
  /** Index files of the last run. */
  readonly index: readonly TextFile[];
  /** Every file of the repository, for links and results. */
  readonly paths: readonly string[];
  /** The day exceptions are judged on, as YYYY-MM-DD. */
  readonly today: string;
}

/** The ids whose texts are being reviewed, or all that are suspect. */
export type Reviewing = readonly string[] | 'all';

/** Plan of one run, before any file is written. */
export interface Plan {
  readonly requirements: readonly Requirement[];
  readonly records: readonly RequirementRecord[];
  /** The ids whose reviewed text this run changes. */
  readonly reviewed: readonly string[];
  readonly findings: readonly Finding[];
  /** The generated files; the same whatever the order of the inputs. */
  readonly files: readonly TextFile[];
}

/** Computes requirements, findings and generated files of a suite. */
export function plan(suite: Suite, reviewing: Reviewing = []): Plan {
  const specs = readSpecs(suite.documents);
  const previous = readIndexes(suite.index);
  const results = readResults(suite);
  const owners = suite.sources.flatMap(ownersIn);
  const tests = citingTestsById(results.tests);
  const previousRows = sortedBy(
    previous.indexes.flatMap(({ packageName, rows }) => rows.map((row) => ({ packageName, row }))),
    ({ row }) => row.id,
  );
  const previousById = new Map(previousRows.map(({ row }) => [row.id, row]));

  const recordOf = (requirement: Requirement, isReviewed: boolean): RequirementRecord =>
    recordRequirement({
      requirement,
      previous: previousById.get(requirement.id),
      isReviewed,
      owners: owners.filter(({ id }) => id === requirement.id),
      tests: tests.get(requirement.id) ?? [],
    });
  const reviewed: string[] = [];
  const records = [...specs.byId.values()].map((requirement) => {
    const record = recordOf(requirement, false);
    // @spec DML-TRC-0804 DML-TRC-0805
    const isMeant = reviewing === 'all' ? record.state === 'suspect' : reviewing.includes(record.id);
    if (!isMeant) return record;
    reviewed.push(record.id);
    return recordOf(requirement, true);
  });
  // @spec DML-TRC-0104
  const vanished = previousRows
    .filter(({ row }) => !specs.byId.has(row.id))
    .map(({ packageName, row }) => keepVanished(packageName, row));
  const all = [...records, ...vanished];
  const generated = [...indexesOf(specs.documents, all).map(renderIndexFile), complianceOf(specs, all)];

  const missing = missingResults(suite, records, results.configured);
  const findings = [
    ...specs.findings,
    ...previous.findings,
    ...results.findings,
    ...missing,
    ...vanished.map(({ id, document }) => ({ code: 'id_vanished' as const, id, file: document, detail: id })),
    ...ownerFindings(owners, specs.byId),
    ...titleFindings(results.tests, specs.byId),
    ...[...suite.sources, ...suite.vectors].flatMap(({ path, text }) =>
      mentionFindings(path, idsIn(text), specs.byId),
    ),
    ...documentFindings(suite, specs.byId, generated),
    ...records.flatMap((record) =>
      requirementFindings({
        record,
        requirement: specs.byId.get(record.id)!,
        previous: previousById.get(record.id),
        today: suite.today,
        // @spec DML-TRC-0422
        resultsKnown: missing.length === 0,
      }),
    ),
  ];
  return {
    requirements: sortedBy(specs.byId.values(), ({ id }) => id),
    records: all,
    reviewed: reviewed.sort(),
    findings: sortFindings(findings),
    files: sortedBy(generated, ({ path }) => path),
  };
}

/** Returns one finding for every generated file whose bytes differ from what is on disk. */
export function outdatedFindings(files: readonly TextFile[], onDisk: ReadonlyMap<string, string>): Finding[] {
  // @spec DML-TRC-0606
  const outdated = files.filter(({ path, text }) => onDisk.get(path) !== text);
  const leftOver = [...onDisk.keys()].filter((path) => !files.some((file) => file.path === path));
  return [
    ...outdated.map(({ path }) => [path, onDisk.has(path) ? 'differs' : 'is not there'] as const),
    ...leftOver.map((path) => [path, 'belongs to no document'] as const),
  ].map(([file, detail]) => ({ code: 'file_outdated', file, detail }));
}

/** Returns whether writing the files would lose what the last run recorded. */
export function mayWrite(findings: readonly Finding[]): boolean {
  // @spec DML-TRC-0609
  return !findings.some(
    ({ code }) => code === 'results_missing' || code === 'result_unreadable' || code === 'index_unreadable',
  );
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
    const earlier = byId.get(id);
    // @spec DML-TRC-0103
    if (earlier !== undefined)
      findings.push({
        code: 'id_reused',
        id,
        file: document,
        detail: `defined before in ${earlier.document}`,
      });
    else byId.set(id, requirement);
  }
  return { documents: specs, byId, findings };
}

function readIndexes(files: readonly TextFile[]): { indexes: PackageIndex[]; findings: Finding[] } {
  const indexes: PackageIndex[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    try {
      indexes.push(readIndexFile(file));
    } catch (error) {
      // @spec DML-TRC-0608
      findings.push({ code: 'index_unreadable', file: file.path, detail: firstLine(error) });
    }
  }
  return { indexes, findings };
}

interface Results {
  readonly tests: readonly TestResult[];
  /** Projects that a result file names as configured. */
  readonly configured: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

function readResults(suite: Suite): Results {
  const reports: ReportedTest[] = [];
  const configured = new Set<string>();
  const findings: Finding[] = [];
  for (const file of suite.results) {
    const result = readResultFile(file);
    if (result.readable) {
      reports.push(...result.tests);
      for (const project of result.configured) configured.add(project);
    } else findings.push({ code: 'result_unreadable', file: file.path, detail: result.reason });
  }
  const tests = currentResults(joinResults(reports, new Set(suite.paths)), suite);
  return { tests, configured, findings };
}

/** Returns one finding for missing results, or one for each project without, in place of one per requirement. */
function missingResults(
  { results }: Suite,
  records: readonly RequirementRecord[],
  configured: ReadonlySet<string>,
): Finding[] {
  const needed = records.some(({ state }) => state === 'open' || state === 'suspect');
  // @spec DML-TRC-0411
  if (results.length === 0)
    return needed ? [{ code: 'results_missing', file: 'test-results', detail: 'no result file' }] : [];
  const present = new Set(results.map(({ path }) => path.replace(/^test-results\/|\.\w+$/g, '')));
  // @spec DML-TRC-0421
  return [...configured]
    .filter((project) => !present.has(project))
    .map((project) => ({
      code: 'results_missing',
      file: `test-results/${project}.json`,
      detail: `no result of the project ${project}`,
    }));
}

function documentFindings(
  suite: Suite,
  requirements: ReadonlyMap<string, Requirement>,
  generated: readonly TextFile[],
): Finding[] {
  const files = [...suite.paths, ...generated.map(({ path }) => path)];
  const targets = linkTargets(files, [
    ...suite.documents,
    ...generated.filter(({ path }) => path === COMPLIANCE_PATH),
  ]);
  return suite.documents.flatMap(({ path, text }) => {
    const root = parseMarkdown(text);
    return [
      ...mentionFindings(path, idsIn(citableText(root)), requirements),
      ...linkFindings(path, root, targets),
    ];
  });
}

/** Returns one index per package that has a document, or requirements that left all documents. */
function indexesOf(
  documents: readonly SpecDocument[],
  records: readonly RequirementRecord[],
): PackageIndex[] {
  const ofDocuments = documents.filter(({ path }) => !isOverview(path));
  const packages = new Set([...ofDocuments, ...records].map(({ packageName }) => packageName));
  // @spec DML-TRC-0601
  return [...packages].map((packageName) => ({
    packageName,
    rows: records.filter((record) => record.packageName === packageName),
  }));
}

function complianceOf({ documents }: Specs, records: readonly RequirementRecord[]): TextFile {
  const paths = documents.map(({ path }) => path).filter((path) => !isOverview(path));
  return renderCompliance(paths, records);
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? '';
}
