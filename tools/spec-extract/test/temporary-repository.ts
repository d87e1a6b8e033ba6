import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Creates a repository from texts; it is gone when the test is over. */
export function temporaryRepository(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'spec-extract-test-'));
  // A process that was killed may still write to its last file.
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 }));
  for (const [path, text] of Object.entries(files)) writeInto(root, path, text);
  return root;
}

/** Writes one file of a repository, folders included. */
export function writeInto(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Reads every file of a repository, by relative path; what a symbolic link leads to is not part of it. */
export function snapshot(root: string): Record<string, string> {
  return Object.fromEntries(
    filesBelow(root).map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]),
  );
}

// Not `recursive: true`: from Node 22 on it walks through symbolic links.
function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}
