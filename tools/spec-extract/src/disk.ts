import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TextFile } from './text-file.ts';

/** Returns the nearest folder at or above `start` that holds `specs`; undefined when there is none. */
export function findRoot(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'specs'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Reads the generated files as they are on disk. */
export function readGenerated(root: string): Map<string, string> {
  const files = [
    ...readFolder(root, 'requirements', /\.yaml$/),
    ...readFolder(root, '.', /^COMPLIANCE\.md$/),
  ];
  return new Map(files.map(({ path, text }) => [path, text]));
}

/** Reads the files of one folder whose names match, by name; none when there is no folder. */
export function readFolder(root: string, folder: string, name: RegExp): TextFile[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).filter((entry) => name.test(entry));
  return names.sort().map((entry) => readText(root, folder === '.' ? entry : `${folder}/${entry}`));
}

/** Writes the files whose bytes differ from what is on disk and removes the others; returns the paths touched. */
export function writeFiles(
  root: string,
  files: readonly TextFile[],
  onDisk: ReadonlyMap<string, string>,
): string[] {
  const changed = files.filter(({ path, text }) => onDisk.get(path) !== text);
  for (const file of changed) replaceFile(join(root, file.path), file.text);
  const leftOver = [...onDisk.keys()].filter((path) => !files.some((file) => file.path === path));
  for (const path of leftOver) rmSync(join(root, path));
  return [...changed.map(({ path }) => path), ...leftOver];
}

/** Replaces a file as a whole: a killed run leaves the old or the new one. */
function replaceFile(target: string, text: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    // @spec DML-TRC-0607
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Reads one file of the repository. */
export function readText(root: string, path: string): TextFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}
