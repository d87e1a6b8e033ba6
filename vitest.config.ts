import { existsSync, readdirSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const root = import.meta.dirname;

/** No folder can be made there, so tests neither read nor write what belongs to whoever runs them. */
const NOWHERE = '/dev/null/nowhere';

function foldersIn(parent: string): string[] {
  if (!existsSync(`${root}/${parent}`)) return [];
  return readdirSync(`${root}/${parent}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(`${root}/${parent}/${entry.name}/package.json`))
    .map((entry) => `${parent}/${entry.name}`);
}

const folders = ['packages', 'tools', 'examples'].flatMap(foldersIn);
if (existsSync(`${root}/bench`)) folders.push('bench');

/**
 * Project of the files, in all packages, that put other modules in the place of some: each has a process of its own.
 * All other files share the workers and what those have loaded, since loading costs more than most tests.
 */
const ALONE = { name: 'alone', include: 'packages/*/{src,test}/**/*.alone.test.ts' };

/**
 * Siblings resolve to their sources, so unit tests need no build. Without `module`: Node loads what is not ours, and
 * cannot read the modules that packages offer to bundlers.
 */
const conditions = ['@daggerml/source', 'node', 'development|production'];

/** Folder for the report that `ci/coverage.mjs` wants of the branches that were taken; empty without one. */
const coverageFolder = process.env.DAGGERML_COVERAGE ?? '';

/** Plugin that runs threads from files, where they are counted; from sources they are texts without a file. */
const threadsFromFiles = {
  name: 'threads-from-files',
  enforce: 'pre' as const,
  transform: (code: string, id: string) => {
    if (id.endsWith('/capture/src/source-file.ts'))
      return code.replace("'./bundle/capture-main.js'", "'../dist/bundle/capture-main.js'");
    return id.endsWith('/execution/src/source-file.ts')
      ? code.replaceAll('new URL(`./', 'new URL(`../../cli/dist/program/')
      : undefined;
  },
};

/** Plugin that starts programs of our own as they are published: in few files, which start in half of the time. */
const publishedPrograms = {
  name: 'published-programs',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    id.endsWith('/execution/src/source-file.ts')
      ? code.replace('`../dist/', '`../../cli/dist/program/')
      : undefined,
};

function project(name: string, folder: string, include: string[]): TestProjectInlineConfiguration {
  const others = name === ALONE.name ? [] : ['**/*.alone.test.ts'];
  return {
    plugins: [publishedPrograms, ...(coverageFolder === '' ? [] : [threadsFromFiles])],
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      root: `${root}/${folder}`,
      include,
      exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**', ...others],
      environment: 'node',
      env: { XDG_CONFIG_HOME: NOWHERE, XDG_CACHE_HOME: NOWHERE },
      setupFiles: [`${root}/packages/testkit/test/hooks.ts`],
      pool: 'forks',
      isolate: name === ALONE.name,
      // Ends what hangs; what starts many processes asks for more by name.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      expect: { requireAssertions: true },
    },
  };
}

export default defineConfig({
  test: {
    coverage: {
      enabled: coverageFolder !== '',
      provider: 'v8',
      reporter: ['json'],
      reportsDirectory: coverageFolder,
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reportOnFailure: true,
      clean: false,
    },
    reporters: ['default', './tools/run/results-reporter.mjs'],
    // One more than the processors that we count on: many tests wait, for disks and for other processes.
    maxWorkers: 3,
    // No test may count on another: each file runs in an order of its own, and `--sequence.seed 2` tries others.
    sequence: { shuffle: { tests: true, files: false }, seed: 1 },
    projects: [
      ...folders.map((folder) =>
        project(folder.slice(folder.indexOf('/') + 1), folder, ['**/*.test.{ts,mjs}']),
      ),
      project(ALONE.name, '.', [ALONE.include]),
    ],
  },
});
