import { fail } from '../errors.ts';
import type { DatumId } from '../ids.ts';
import { elementOf } from '../records/element-of.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { LeafEntries, TreeRoot } from '../records/page-types.ts';
import type { Datum, Element } from '../records/record-types.ts';
import { treeEdit } from '../search-tree/edit-tree.ts';
import type { PageSource, PageStore } from '../search-tree/page-store.ts';
import { treeEntries, treeHas } from '../search-tree/read-tree.ts';
import { nfcText } from '../text/text.ts';
import { checkFilePath, checkLinkTarget } from './file-path.ts';

/** What stands at one path of a directory. */
export type DirectoryEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly blobDatumId: DatumId;
      readonly isExecutable: boolean;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'empty-folder'; readonly path: string };

/** Where the pages and datums of a directory are written to. */
export interface DirectoryStore extends PageStore {
  /** Stores an encoded datum and returns its id; idempotent. The bytes are only valid until this returns. */
  putDatum(bytes: Uint8Array): DatumId;
}

/** Where the pages and datums of a directory are read from. */
export interface DirectorySource extends PageSource {
  /** Returns a datum; throws where it is not there. */
  readDatum(datumId: DatumId): Datum;
}

/**
 * Builds the map of a directory from its entries in any order, and returns the root for a map datum.
 *
 * Throws `invalid_payload` with `path_form`, `link_target`, or with `path_conflict` when two paths are equal after NFC
 * or one entry lies below another.
 *
 * @spec DML-OBJ-2112
 */
export function buildDirectory(entries: Iterable<DirectoryEntry>, store: DirectoryStore): TreeRoot<'map'> {
  const spellings = new Spellings();
  const elements = new Map<string, Element>();
  for (const entry of entries) {
    const path = checkFilePath(entry.path);
    spellings.add(path);
    if (elements.has(path)) fail('path_conflict');
    elements.set(path, elementOfEntry(entry, store));
  }
  // @spec DML-OBJ-2114
  for (const path of elements.keys())
    for (const folder of foldersAbove(path)) if (elements.has(folder)) fail('path_conflict');
  const changes = Array.from(elements, (set) => ({ set }));
  return treeEdit('map', [], changes, store);
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
  const spellings = new Spellings();
  let folder = '';
  for (const [path, element] of treeEntries('map', root, source)) {
    spellings.add(checkFilePath(path));
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

/** Refuses a path that equals an earlier one after NFC. */
class Spellings {
  readonly #seen = new Set<string>();

  add(path: string): void {
    if (ASCII.test(path)) return;
    const known = this.#seen.size;
    if (this.#seen.add(nfcText(path)).size === known) fail('path_conflict');
  }
}

const ASCII = /^[\u0000-\u007f]*$/;

function* foldersAbove(path: string): IterableIterator<string> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
}
