import { fileRole } from '../src/file-role.ts';
import { type Plan, plan, type Reviewing, type Suite } from '../src/plan.ts';

/** Texts by path. */
export type Files = Readonly<Record<string, string>>;

/** Paths of the suites of the tests. */
export const SPEC = 'specs/10-object-model.md';
export const INDEX = 'requirements/object-model.yaml';
export const SOURCE = 'packages/object-model/src/name.ts';
export const TEST = 'packages/object-model/src/name.test.ts';
export const RESULTS = 'test-results/object-model.json';
export const TITLE = 'sorts names [DML-OBJ-0001]';

/** Builds a suite from texts by path, with the roles that files have on a disk. */
export function memorySuite(files: Files): Suite {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
  const of = (role: string): Suite['documents'] => texts.filter(({ path }) => fileRole(path) === role);
  return {
    documents: of('documents'),
    sources: of('sources'),
    tests: of('tests'),
    vectors: of('vectors'),
    results: of('results'),
    generated: of('generated'),
    paths: Object.keys(files).filter((path) => !path.startsWith('test-results/')),
  };
}

/** Plans a suite of texts. */
export function planned(files: Files, reviewing: Reviewing = []): Plan {
  return plan(memorySuite(files), reviewing);
}

/** Returns the files after the generated ones were written, by default with every text reviewed. */
export function written(files: Files, reviewing: Reviewing = 'all'): Files {
  const result = planned(files, reviewing);
  if (!result.mayWrite) return files;
  return { ...files, ...Object.fromEntries(result.files.map(({ path, text }) => [path, text])) };
}

/** Lists the findings of a plan by code and by id or file. */
export function codes({ findings }: Plan): string[] {
  return findings.map(({ code, id, file }) => `${code} ${id ?? file}`);
}

/** Builds a specification of the object model from its requirement items. */
export function specOf(...items: readonly string[]): string {
  return `# Object model\n\n## Names\n\n${items.map((item) => `- ${item}\n`).join('')}`;
}

/** Builds the result file of one test file from leaf titles and their status, with more fields of each leaf. */
export function resultsOf(file: string, leaves: Files, more: Readonly<Record<string, unknown>> = {}): string {
  const assertionResults = Object.entries(leaves).map(([title, status]) => ({
    ancestorTitles: [],
    title,
    status,
    ...more,
  }));
  return JSON.stringify({ testResults: [{ name: file, assertionResults }] });
}

/** Files of a suite in which one requirement is verified. */
export const VERIFIED: Files = {
  [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.'),
  [SOURCE]: '// @spec DML-OBJ-0001\nexport const sorted = true;\n',
  [TEST]: `it('${TITLE}', () => {});\n`,
  [RESULTS]: resultsOf(TEST, { [TITLE]: 'passed' }),
};

/** Returns the files without some of them. */
export function without(files: Files, ...paths: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}
