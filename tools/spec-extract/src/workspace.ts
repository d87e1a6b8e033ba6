import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FileRole, fileRole, type TextFile } from './file-role.ts';
import type { Suite } from './plan.ts';

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage']);
const SEEN_DOT_FOLDERS: ReadonlySet<string> = new Set(['.changeset', '.ci', '.github']);

/** Returns the nearest folder at or above `start` that holds `specs`; undefined when there is none. */
export function findRoot(start: string): string | undefined {
  if (existsSync(join(start, 'specs'))) return start;
  return start === dirname(start) ? undefined : findRoot(dirname(start));
}

/** Reads everything the plan looks at below a root. */
export function readSuite(root: string): Suite {
  const paths = listFiles(root);
  const roles = new Map(paths.map((path) => [path, fileRole(path)]));
  const read = (wanted: FileRole): TextFile[] =>
    paths
      .filter((path) => roles.get(path) === wanted)
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  return {
    documents: read('documents'),
    sources: read('sources'),
    tests: read('tests'),
    vectors: read('vectors'),
    results: read('results'),
    generated: read('generated'),
    // A link into the results of a test run would lead nowhere in a fresh clone.
    paths: paths.filter((path) => !path.startsWith('test-results/')),
  };
}

/** Writes the files whose bytes differ from what is on disk and removes the others; returns the paths touched. */
export function writeFiles(root: string, files: readonly TextFile[], onDisk: readonly TextFile[]): string[] {
  const textOf = new Map(onDisk.map(({ path, text }) => [path, text]));
  const changed = files.filter(({ path, text }) => textOf.get(path) !== text);
  for (const { path, text } of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const written = new Set(files.map(({ path }) => path));
  const leftOver = onDisk.map(({ path }) => path).filter((path) => !written.has(path));
  for (const path of leftOver) rmSync(join(root, path));
  return [...changed.map(({ path }) => path), ...leftOver];
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
  if (SKIPPED_FOLDERS.has(folderName)) return false;
  return !folderName.startsWith('.') || SEEN_DOT_FOLDERS.has(folderName);
}
