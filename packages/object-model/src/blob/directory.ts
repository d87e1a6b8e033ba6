import { fail } from '../errors.ts';
import type { DatumId } from '../ids.ts';
import type { TreeRoot } from '../records/page-types.ts';
import { treeEdit } from '../search-tree/edit-tree.ts';
import type { PageSource, PageStore } from '../search-tree/page-store.ts';
import { treeEntries } from '../search-tree/read-tree.ts';
import { canonicalMapKey } from '../text/name.ts';

/** A file of a directory: its path and the id of its blob datum. */
export type DirectoryFile = readonly [path: string, blobDatumId: DatumId];

const FORBIDDEN = /[\u0000\\]/;

/**
 * Yields the canonical form of a file's path in a directory: relative, parts joined by `/`, in NFC.
 *
 * Throws `invalid_payload` with `path_form` for an empty part, `.`, `..`, a backslash or NUL.
 *
 * @spec DML-OBJ-2113
 */
export function canonicalFilePath(path: string): string {
  const canonical = canonicalMapKey(path);
  if (FORBIDDEN.test(canonical)) fail('path_form');
  for (const part of canonical.split('/')) {
    if (part === '' || part === '.' || part === '..') fail('path_form');
  }
  return canonical;
}

/**
 * Builds the map of a directory from its files in any order, and yields the root for a map datum.
 *
 * Throws `invalid_payload` with `path_form`, or with `path_conflict` when two files have one path or a file's path is
 * also a folder.
 *
 * @spec DML-OBJ-2112
 */
export function buildDirectory(files: Iterable<DirectoryFile>, pages: PageStore): TreeRoot<'map'> {
  const blobs = new Map<string, DatumId>();
  for (const [path, blobDatumId] of files) {
    const canonical = canonicalFilePath(path);
    if (blobs.has(canonical)) fail('path_conflict');
    blobs.set(canonical, blobDatumId);
  }
  for (const path of blobs.keys()) {
    // @spec DML-OBJ-2114
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (blobs.has(path.slice(0, at))) fail('path_conflict');
    }
  }
  return treeEdit(
    'map',
    [],
    [...blobs].map((set) => ({ set })),
    pages,
  );
}

/** Lists the files of a directory by path. Throws `invalid_payload` with `path_form` where the map is no directory. */
export function* directoryFiles(root: TreeRoot<'map'>, pages: PageSource): IterableIterator<DirectoryFile> {
  for (const [path, blobDatumId] of treeEntries('map', root, pages)) {
    if (typeof blobDatumId !== 'string' || canonicalFilePath(path) !== path) fail('path_form');
    yield [path, blobDatumId];
  }
}
