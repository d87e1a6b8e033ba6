import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackageOf } from './native-packages.ts';

/** Package whose code a bundle holds. */
export interface CarriedLibrary {
  readonly name: string;
  /** Empty where its manifest names none. */
  readonly version: string;
  /** Of the files that the bundle takes code from. */
  readonly sha256: string;
}

/** Bytes up to which a file of the author that is no module is kept. */
const MAX_DATA_BYTES = 1024 * 1024;

/**
 * Returns the packages that some files are installed with, in the order of their names.
 *
 * @spec DML-CAP-3001
 */
export function carriedLibraries(files: Iterable<string>): CarriedLibrary[] {
  const packages = new Map<string, { readonly name: string; readonly files: string[] }>();
  for (const file of files) {
    const installed = installedPackageOf(file);
    if (installed === undefined) continue;
    const known = packages.get(installed.folder) ?? { name: installed.name, files: [] };
    packages.set(installed.folder, known);
    known.files.push(file);
  }
  return [...packages]
    .map(([folder, { name, files: own }]) => ({
      name: name.replaceAll('\\', '/'),
      version: versionIn(folder),
      sha256: hashOf(folder, own),
    }))
    .sort((a, b) => (a.name < b.name || (a.name === b.name && a.sha256 < b.sha256) ? -1 : 1));
}

/** Returns the files of the author among some that are no modules, such as JSON, as far as they are small. */
export function dataFiles(
  files: Iterable<string>,
  modules: ReadonlySet<string>,
): { readonly file: string; readonly text: string }[] {
  const found: { file: string; text: string }[] = [];
  for (const file of files) {
    if (modules.has(file) || installedPackageOf(file) !== undefined) continue;
    const bytes = readUnlessGone(file);
    if (bytes !== undefined && bytes.length <= MAX_DATA_BYTES) found.push({ file, text: bytes.toString() });
  }
  return found;
}

function hashOf(folder: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const bytes = readUnlessGone(file) ?? Buffer.alloc(0);
    hash.update(`${file.slice(folder.length)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

function versionIn(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version?: unknown;
    };
    return typeof version === 'string' ? version : '';
  } catch {
    return '';
  }
}

function readUnlessGone(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
