import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './disk.ts';
import { type FileRole, fileRole } from './file-role.ts';
import type { Suite } from './plan.ts';
import type { TextFile } from './text-file.ts';

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage']);
const SEEN_DOT_FOLDERS: ReadonlySet<string> = new Set(['.changeset', '.ci', '.github']);

/** Reads everything the plan looks at below a root. */
export function readSuite(root: string, today: string): Suite {
  const found = listFiles(root);
  const byRole: Record<FileRole, TextFile[]> = {
    documents: [],
    sources: [],
    tests: [],
    vectors: [],
    results: [],
    index: [],
  };
  for (const path of found) {
    const role = fileRole(path);
    if (role !== undefined) byRole[role].push(readText(root, path));
  }
  return {
    ...byRole,
    // A link into the results of a test run would lead nowhere in a fresh clone.
    paths: found.filter((path) => !path.startsWith('test-results/')),
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
