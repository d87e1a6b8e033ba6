import { canOwn, isForeignTest, isTestFile } from './owner.ts';
import { isGenerated } from './plan.ts';

/** Why the tool reads a file; each role is a list of the suite. */
export type FileRole = 'documents' | 'sources' | 'tests' | 'foreign' | 'vectors' | 'results' | 'index';

/**
 * Yields the role of a file; undefined for a file that is only there to be linked to.
 *
 * Whatever lies below a folder called `fixtures` belongs to a test and says nothing about the suite.
 */
export function fileRole(path: string): FileRole | undefined {
  if (/^test-results\/[^/]+\.(json|xml)$/.test(path)) return 'results';
  if (/^requirements\/[^/]+\.yaml$/.test(path)) return 'index';
  if (isGenerated(path) || path.split('/').includes('fixtures')) return undefined;
  if (path.endsWith('.md')) return 'documents';
  if (canOwn(path)) return 'sources';
  if (isForeignTest(path)) return 'foreign';
  if (isTestFile(path) && /\.[cm]?[jt]sx?$/.test(path)) return 'tests';
  return path.startsWith('vectors/') && path.endsWith('.json') ? 'vectors' : undefined;
}
