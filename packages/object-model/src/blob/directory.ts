import { fail } from '../errors.ts';
import type { DatumId } from '../ids.ts';
import { elementOf } from '../records/element-of.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { LeafEntries, TreeRoot } from '../records/page-types.ts';
import type { Datum, Element } from '../records/record-types.ts';
import { type TreeChange, treeEdit } from '../search-tree/edit-tree.ts';
import type { PageSource, PageStore } from '../search-tree/page-store.ts';
import { treeEntries, treeHas } from '../search-tree/read-tree.ts';
import { checkFilePath, checkLinkTarget, foldersAbove } from './file-path.ts';
import { Spellings } from './spellings.ts';

/** Entry at one path of a directory. */
export type DirectoryEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly blobDatumId: DatumId;
      readonly isExecutable: boolean;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'empty-folder'; readonly path: string };

/** Store of the pages and datums of a directory. */
export interface DirectoryStore extends PageStore {
  /** Stores an encoded datum and returns its id; idempotent. The bytes are only valid until this returns. */
  putDatum(bytes: Uint8Array): DatumId;
}

/** Source of the pages and datums of a directory. */
export interface DirectorySource extends PageSource {
  /** Returns a datum; throws where it is not there. */
  readDatum(datumId: DatumId): Datum;
}

/**
 * Builds the map of a directory from its entries in any order, and returns the root for a map datum.
 *
 * Throws `invalid_payload` with `path_form`, `link_target`, or with `path_conflict` when one entry lies below
 * another, or a path, of an entry or of a folder above it, stands in two spellings that are equal after NFC.
 *
 * @spec DML-OBJ-2112
 */
export function buildDirectory(entries: Iterable<DirectoryEntry>, store: DirectoryStore): TreeRoot<'map'> {
  const elements = new Map<string, Element>();
  for (const entry of entries) {
    const path = checkFilePath(entry.path);
    if (elements.has(path)) fail('path_conflict');
    elements.set(path, elementOfEntry(entry, store));
  }
  checkPaths(elements);
  const changes = Array.from(elements, (set) => ({ set }));
  return treeEdit('map', [], changes, store);
}

/** @spec DML-OBJ-2114 */
function checkPaths(elements: ReadonlyMap<string, Element>): void {
  const folders = new Set<string>();
  for (const path of elements.keys())
    for (const folder of foldersAbove(path)) {
      if (elements.has(folder)) fail('path_conflict');
      folders.add(folder);
    }
  const spellings = new Spellings((path) => elements.has(path) || folders.has(path));
  for (const path of elements.keys()) spellings.check(path);
}

/** A difference between two directories. */
export type DirectoryChange = { readonly set: DirectoryEntry } | { readonly deletePath: string };

/**
 * Changes the map of a directory and returns the new root: the one that {@link buildDirectory} returns for the result.
 *
 * The caller knows that the result has no path in two spellings, and no entry below another; that is not checked. Rewrites O(changes · log n) pages. Throws `invalid_payload` with `path_form` and `link_target`.
 */
export function editDirectory(
  root: TreeRoot<'map'>,
  changes: Iterable<DirectoryChange>,
  store: DirectoryStore,
): TreeRoot<'map'> {
  const edits = Array.from(changes, (change): TreeChange<'map'> => {
    if ('deletePath' in change) return { deleteKey: change.deletePath };
    return { set: [checkFilePath(change.set.path), elementOfEntry(change.set, store)] };
  });
  return treeEdit('map', root, edits, store);
}

type MapEntry = LeafEntries['map'];

function elementOfEntry(entry: DirectoryEntry, store: DirectoryStore): Element {
  if (entry.kind === 'empty-folder') return putMap([], store);
  if (entry.kind === 'link') {
    const value = checkLinkTarget(entry.path, entry.target);
    const target = elementOf({ type: 'datum', kind: 'string', value }, (bytes) => store.putDatum(bytes));
    return putMap([[LINK, target]], store);
  }
  const { blobDatumId, isExecutable } = entry;
  return isExecutable ? putMap([[CONTENT, blobDatumId], EXECUTABLE], store) : blobDatumId;
}

const CONTENT = 'content';
const LINK = 'link';
const EXECUTABLE: MapEntry = ['executable', { type: 'datum', kind: 'bool', value: true }];

function putMap(root: readonly MapEntry[], store: DirectoryStore): DatumId {
  return store.putDatum(encodeRecord({ type: 'datum', kind: 'map', root }));
}

/**
 * Iterates the entries of a directory in the order of their paths.
 *
 * Throws what {@link buildDirectory} throws for the entries of a map that it would not make, and `invalid_payload` with
 * `directory_form` for a value that stands for no entry.
 *
 * @spec DML-OBJ-2121
 */
export function* readDirectory(
  root: TreeRoot<'map'>,
  source: DirectorySource,
): IterableIterator<DirectoryEntry> {
  const spellings = new Spellings((path) => hasPath(root, path, source));
  let folder = '';
  for (const [path, element] of treeEntries('map', root, source)) {
    spellings.check(checkFilePath(path));
    const entry = entryOf(path, element, source);
    const above = path.slice(0, path.lastIndexOf('/') + 1);
    if (above !== folder) {
      for (const each of foldersAbove(path)) if (treeHas('map', root, each, source)) fail('path_conflict');
      folder = above;
    }
    yield entry;
  }
}

function entryOf(path: string, element: Element, source: DirectorySource): DirectoryEntry {
  if (typeof element !== 'string') fail('directory_form');
  const datum = source.readDatum(element);
  if (datum.kind === 'blob') return { kind: 'file', path, blobDatumId: element, isExecutable: false };
  // The maps of entries have few keys, so they are never in pages.
  if (datum.kind !== 'map' || typeof datum.root === 'string') fail('directory_form');
  return entryOfMap(path, datum.root, source);
}

function entryOfMap(path: string, root: readonly MapEntry[], source: DirectorySource): DirectoryEntry {
  const [first, second] = root;
  if (first === undefined) return { kind: 'empty-folder', path };
  const [key, element] = first;
  if (key === LINK && second === undefined) {
    const target = typeof element === 'string' ? source.readDatum(element) : element;
    if (target.kind !== 'string') fail('directory_form');
    return { kind: 'link', path, target: checkLinkTarget(path, target.value) };
  }
  if (key !== CONTENT || typeof element !== 'string' || !isExecutableMark(second)) fail('directory_form');
  if (root.length > 2 || source.readDatum(element).kind !== 'blob') fail('directory_form');
  return { kind: 'file', path, blobDatumId: element, isExecutable: true };
}

function isExecutableMark(entry: MapEntry | undefined): boolean {
  if (entry === undefined || typeof entry[1] === 'string') return false;
  return entry[0] === EXECUTABLE[0] && entry[1].kind === 'bool' && entry[1].value;
}

/** Checks whether a path is that of an entry, or of a folder above one. */
function hasPath(root: TreeRoot<'map'>, path: string, source: PageSource): boolean {
  if (treeHas('map', root, path, source)) return true;
  const below = { fromKey: `${path}/`, beforeKey: `${path}${BEHIND_SLASH}` };
  for (const _ of treeEntries('map', root, source, below)) return true;
  return false;
}

/** The character behind the slash. */
const BEHIND_SLASH = '0';
