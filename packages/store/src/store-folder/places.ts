import type { Stats } from 'node:fs';
import { storeError } from '../errors.ts';
import type { HeldFolder } from './held-folder.ts';
import { notPlain } from './plain-file.ts';

export const DATA_FILE = 'data.mdb';
export const LOCK_FILE = 'lock.mdb';
export const CLEAN_MARKER_FILE = 'stamp';
/** File with the process that compacts the store. */
export const COMPACTION_LOCK_FILE = 'compacting';
/** File with the process that makes a draft of a store. */
export const CREATOR_FILE = 'creator';

/** A store is created whole and keeps its data file from then on, so these two never stand alone. */
const COMPANIONS = [CLEAN_MARKER_FILE, LOCK_FILE] as const;
/** The files of a store; the data file last: a store that another process creates has it as soon as the others. */
export const STORE_FILES: readonly string[] = [...COMPANIONS, COMPACTION_LOCK_FILE, DATA_FILE];

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files that a draft of a store or of its data file may hold, those included that a killed process left half made. */
const DRAFT_FILE = new RegExp(
  `^(?:${[...STORE_FILES, CREATOR_FILE].join('|').replaceAll('.', '\\.')}|(?:lock\\.mdb|compacting)-${UUID})$`,
);
const COMPACTION_DRAFT = new RegExp(`^compact-${UUID}$`);

const MARKS_FILE = new RegExp(`^marks-(${UUID})$`);

/** Returns the name of the file with the marks of a session. */
export function marksFile(sessionId: string): string {
  return `marks-${sessionId}`;
}

/** Returns the session whose marks stand in a file of that name; undefined for another file. */
export function sessionOfMarks(name: string): string | undefined {
  return MARKS_FILE.exec(name)?.[1];
}

/** Returns the name of a folder in which a compaction builds the new data file. */
export function compactionDraft(uuid: string): string {
  return `compact-${uuid}`;
}

/** Returns the name that a file has until it is whole. */
export function unfinished(name: typeof LOCK_FILE | typeof COMPACTION_LOCK_FILE, uuid: string): string {
  return `${name}-${uuid}`;
}

/** Lists the names of all that may stand in a store folder, those included that are there for a moment. */
export function storeNames(uuid: string): string[] {
  return [
    ...STORE_FILES,
    CREATOR_FILE,
    unfinished(LOCK_FILE, uuid),
    unfinished(COMPACTION_LOCK_FILE, uuid),
    compactionDraft(uuid),
    marksFile(uuid),
  ];
}

/** Checks whether a name in a store folder is that of a draft which a compaction makes. */
export function isCompactionDraft(name: string): boolean {
  return COMPACTION_DRAFT.test(name);
}

/**
 * Checks whether there is a store in a folder.
 * Throws `store_damaged` for one that has lost its data file (`data_file_missing`) and for one in which a link
 * (`link`) or something else (`not_a_file`) stands in the place of a file.
 */
export function hasStore(folder: HeldFolder): boolean {
  const found = new Map<string, Stats | undefined>(STORE_FILES.map((name) => [name, folder.look(name)]));
  for (const [name, stats] of found) {
    // @spec DML-STO-0161
    if (stats?.isFile() === false) throw notPlain(stats, folder.pathOf(name));
  }
  if (found.get(DATA_FILE) !== undefined) return true;
  // @spec DML-STO-0160
  if (COMPANIONS.some((name) => found.get(name) !== undefined))
    throw storeError('store_damaged', { path: folder.path, detail: 'data_file_missing' });
  return false;
}

/**
 * Removes a draft and the files in it that a draft can have. What else is in it stays, and so does the folder then:
 * it is not ours to remove.
 *
 * @spec DML-STO-0168
 */
export function removeDraft(parent: HeldFolder, name: string): void {
  const draft = parent.folder(name);
  try {
    for (const each of draft.names()) if (DRAFT_FILE.test(each)) draft.removeFile(each);
  } finally {
    draft.close();
  }
  parent.removeEmptyFolder(name);
}
