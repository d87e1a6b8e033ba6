import { isMutablePath } from '../../format/file-path.ts';
import type { ListedFile } from '../remote-files.ts';
import type { HeldFolder } from './held-folder.ts';
import { sizeOfMutable } from './mutable-file.ts';
import { isTemporaryName, TEMPORARY_FOLDER } from './temporary-files.ts';

/** Folders in the root whose entries are files of a remote. */
const FOLDERS: ReadonlySet<string> = new Set([
  'states',
  'segments',
  'indexes',
  'caches',
  'absences',
  'claims',
  'exec',
  'results',
  'check',
  TEMPORARY_FOLDER,
]);

/** Files that a network file system leaves of deleted ones that somebody still reads. */
const LEFT_OVER = /^\.nfs[0-9a-f]+$/;

/** A listing under way. */
export interface FolderListing {
  readonly prefix: string;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Yields the files below a root whose paths begin with a prefix, with anything else there: a folder that is none of a
 * remote as one path that ends with a slash, and not what it holds.
 *
 * @spec DML-REM-0627
 */
export async function* listTree(
  root: HeldFolder,
  listing: FolderListing,
): AsyncGenerator<ListedFile, void, undefined> {
  const slash = listing.prefix.indexOf('/');
  if (slash !== -1) yield* listEntry(root, listing.prefix.slice(0, slash), listing);
  else yield* listFolder(root, listing);
}

async function* listFolder(
  folder: HeldFolder,
  listing: FolderListing,
): AsyncGenerator<ListedFile, void, undefined> {
  for await (const names of folder.nameGroups()) {
    const wanted = names.filter(
      (name) => isListed(folder, name) && folder.shown(name).startsWith(listing.prefix),
    );
    const found = await Promise.all(wanted.map((name) => measure(folder, name, listing)));
    for (const [index, file] of found.entries()) {
      if (file === 'folder') yield* listEntry(folder, wanted[index] as string, listing);
      else if (file !== undefined) yield file;
    }
  }
}

async function* listEntry(
  root: HeldFolder,
  name: string,
  listing: FolderListing,
): AsyncGenerator<ListedFile, void, undefined> {
  const folder = await root.child(name);
  if (folder === undefined) return;
  try {
    yield* listFolder(folder, listing);
  } finally {
    folder.close();
  }
}

function isListed(folder: HeldFolder, name: string): boolean {
  return !(LEFT_OVER.test(name) || (folder.shownPath === TEMPORARY_FOLDER && isTemporaryName(name)));
}

/** Returns an entry with its size; `folder` for one with files of the remote, undefined for one that is gone. */
async function measure(
  parent: HeldFolder,
  name: string,
  { sleep }: FolderListing,
): Promise<ListedFile | 'folder' | undefined> {
  const path = parent.shown(name);
  const stats = await parent.look(name);
  // A name that is no UTF-8 leads to nothing.
  if (stats === undefined) return name.includes('\ufffd') ? { path, sizeBytes: 0 } : undefined;
  if (!stats.isDirectory()) return { path, sizeBytes: stats.size };
  if (parent.shownPath === '' && FOLDERS.has(name)) return 'folder';
  if (!isMutablePath(path)) return { path: `${path}/`, sizeBytes: 0 };
  const sizeBytes = await sizeOfMutable({ parent, name, sleep });
  return sizeBytes === undefined ? undefined : { path, sizeBytes };
}
