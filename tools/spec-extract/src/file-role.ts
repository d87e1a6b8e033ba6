import { COMPLIANCE_PATH } from './compliance.ts';

/** Role of a file that the tool reads; each is a list of the suite. */
export type FileRole = 'documents' | 'sources' | 'tests' | 'vectors' | 'results' | 'index';

/**
 * Returns the role of a file; undefined for a file that is only there to be linked to.
 *
 * Whatever lies below a folder called `fixtures` belongs to a test and says nothing about the suite.
 */
export function fileRole(path: string): FileRole | undefined {
  if (/^test-results\/[^/]+\.json$/.test(path)) return 'results';
  if (/^requirements\/[^/]+\.yaml$/.test(path)) return 'index';
  if (isGenerated(path) || path.split('/').includes('fixtures')) return undefined;
  if (path.endsWith('.md')) return 'documents';
  if (canOwn(path)) return 'sources';
  if (isTestFile(path) && /\.[cm]?[jt]sx?$/.test(path)) return 'tests';
  return path.startsWith('vectors/') && path.endsWith('.json') ? 'vectors' : undefined;
}

/** Checks whether a path can hold owners: a non-test source file of a package or tool. */
export function canOwn(path: string): boolean {
  // @spec DML-TRC-0301
  return /^(packages|tools)\/[^/]+\/src\/.+\.[cm]?[jt]sx?$/.test(path) && !isTestFile(path);
}

/** Checks whether a path is a test file. */
function isTestFile(path: string): boolean {
  return /\.(test|test-d|spec|bench)\.[cm]?[jt]sx?$/.test(path) || /\/(test|tests|__tests__)\//.test(path);
}

/** Checks whether a runner runs the file by itself: other test files are modules of those. */
export function isRunFile(path: string): boolean {
  return /\.test\.[cm]?[jt]sx?$/.test(path);
}

/** Checks whether a run writes a path, whatever the suite says. */
export function isGenerated(path: string): boolean {
  return path === COMPLIANCE_PATH || /^requirements\/[^/]+\.yaml$/.test(path);
}
