import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VectorCase, VectorFile } from './vector-case.ts';

/** Folder of the golden vectors. */
export const VECTOR_FOLDER: string = join(import.meta.dirname, '../../../vectors');

/** Checks whether a file holds vectors of this package; those of `remote` are of the package `remotes`. */
export function isOfRecords(path: string): boolean {
  return path.endsWith('.json') && !/^remote[\\/]/.test(path);
}

/** The files of golden vectors, by their paths in the folder. */
export const VECTOR_FILES: ReadonlyMap<string, VectorFile> = new Map(
  readdirSync(VECTOR_FOLDER, { recursive: true, encoding: 'utf8' })
    .filter(isOfRecords)
    .sort()
    .map((path) => [path, JSON.parse(readFileSync(join(VECTOR_FOLDER, path), 'utf8')) as VectorFile]),
);

/** All golden vectors. */
export const VECTOR_CASES: readonly VectorCase[] = [...VECTOR_FILES.values()].flatMap(({ cases }) => cases);
