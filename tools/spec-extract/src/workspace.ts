import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readFolder, readText } from './disk.ts';
import { canOwn, isTestFile } from './owner.ts';
import { isGenerated, type Suite } from './plan.ts';
import type { TextFile } from './text-file.ts';

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage', 'test-results']);
const SEEN_DOT_FOLDERS: ReadonlySet<string> = new Set(['.changeset', '.ci', '.github']);

/** Reads everything the plan looks at below a root. */
export function readSuite(root: string, today: string): Suite {
  const paths = listFiles(root);
  const own = paths.filter((path) => !path.split('/').includes('fixtures'));
  const read = (accept: (path: string) => boolean): TextFile[] =>
    own.filter(accept).map((path) => readText(root, path));
  return {
    documents: read((path) => path.endsWith('.md') && !isGenerated(path)),
    sources: read(canOwn),
    tests: read((path) => isTestFile(path) && /\.test\.[cm]?[jt]sx?$/.test(path)),
    vectors: read((path) => path.startsWith('vectors/') && path.endsWith('.json')),
    results: readFolder(root, 'test-results', /\.(json|xml)$/),
    index: readFolder(root, 'requirements', /\.yaml$/),
    paths,
    today,
  };
}

/** Lists all files below the root, relative, with forward slashes; links are not followed. */
function listFiles(root: string): string[] {
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory() && isSeen(entry.name)) walk(path);
    }
  };
  walk('');
  return files.sort();
}

function isSeen(folderName: string): boolean {
  return (
    !SKIPPED_FOLDERS.has(folderName) && (!folderName.startsWith('.') || SEEN_DOT_FOLDERS.has(folderName))
  );
}
