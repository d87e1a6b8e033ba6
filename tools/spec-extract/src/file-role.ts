/** A text file of the repository; `path` is relative to its root, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Path of the report that covers the whole suite. */
export const COMPLIANCE_PATH = 'COMPLIANCE.md';

/** Role of a file that the tool reads; each is a list of the suite. */
export type FileRole = 'documents' | 'sources' | 'tests' | 'vectors' | 'results' | 'generated';

/**
 * Returns the role of a file; undefined for a file that is only there to be linked to.
 *
 * Whatever lies below a folder called `fixtures` belongs to a test and says nothing about the suite.
 */
export function fileRole(path: string): FileRole | undefined {
  if (/^test-results\/[^/]+\.json$/.test(path)) return 'results';
  if (path === COMPLIANCE_PATH || isIndex(path)) return 'generated';
  if (path.split('/').includes('fixtures')) return undefined;
  if (path.endsWith('.md')) return 'documents';
  if (path.startsWith('vectors/') && path.endsWith('.json')) return 'vectors';
  if (!/\.[cm]?[jt]sx?$/.test(path)) return undefined;
  if (/\.(test|test-d|bench)\.\w+$/.test(path) || /\/(test|tests)\//.test(path)) return 'tests';
  return /^(packages|tools)\/[^/]+\/src\//.test(path) ? 'sources' : undefined;
}

/** Checks whether a path is that of the index of a package. */
export function isIndex(path: string): boolean {
  return /^requirements\/[^/]+\.yaml$/.test(path);
}

/** Checks whether a runner runs the file by itself: other test files are modules of those. */
export function isRunFile(path: string): boolean {
  return /\.test\.[cm]?[jt]sx?$/.test(path);
}
