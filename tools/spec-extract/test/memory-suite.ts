import { fileRole } from '../src/file-role.ts';
import type { Suite } from '../src/plan.ts';

/** The day on which the suites of the tests are judged. */
export const TODAY = '2026-06-30';

/** Texts by path. */
export type Files = Readonly<Record<string, string>>;

/** Builds a suite from texts by path, with the roles that files have on a disk. */
export function memorySuite(files: Files, today: string = TODAY): Suite {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
  const of = (role: string): Suite['documents'] => texts.filter(({ path }) => fileRole(path) === role);
  return {
    documents: of('documents'),
    sources: of('sources'),
    tests: of('tests'),
    vectors: of('vectors'),
    results: of('results'),
    index: of('index'),
    paths: Object.keys(files).filter((path) => !path.startsWith('test-results/')),
    today,
  };
}

/** Builds a specification of the object model from its requirement items. */
export function specOf(...items: readonly string[]): string {
  return `# Object model\n\n## Names\n\n${items.map((item) => `- ${item}\n`).join('')}`;
}

/** Builds the result file of one test file from leaf titles and their status. */
export function resultsOf(file: string, leaves: Readonly<Record<string, string>>): string {
  const assertionResults = Object.entries(leaves).map(([title, status]) => ({
    ancestorTitles: [],
    title,
    status,
  }));
  return JSON.stringify({ testResults: [{ name: file, assertionResults }] });
}

/** Files of a suite in which one requirement is verified. */
export const VERIFIED: Files = {
  'specs/10-object-model.md': specOf('[DML-OBJ-0001] Names MUST be sorted.'),
  'packages/object-model/src/name.ts': '// @spec DML-OBJ-0001\nexport const sorted = true;\n',
  'packages/object-model/src/name.test.ts': "it('sorts names [DML-OBJ-0001]', () => {});\n",
  'test-results/object-model.json': resultsOf('packages/object-model/src/name.test.ts', {
    'sorts names [DML-OBJ-0001]': 'passed',
  }),
};
