import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createDataFile } from '../engine/create-data-file.ts';
import { errnoOf } from '../engine/engine-error.ts';
import { ENGINE_VERSION } from '../engine/engine-options.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isKnownDead } from '../sessions/liveness.ts';
import { textKey } from '../tables/keyspace.ts';
import { encodeMeta, type MetaKey, type MetaValue } from '../tables/meta.ts';
import { SCHEMA_VERSION } from '../tables/schema.ts';
import { FOLDER_MODE } from './file-rights.ts';
import { findStore } from './find-store.ts';
import { HeldFolder } from './held-folder.ts';
import { makeFolder } from './make-folder.ts';
import { CREATOR_FILE, removeDraft } from './places.ts';

const DRAFT_TAIL = /^\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns the beginning of the name of a draft of the store called `storeName`. */
function draftPrefix(storeName: string): string {
  return `${storeName}.new-`;
}

function readCreator(parent: HeldFolder, draftName: string): ProcessIdentity | undefined {
  let draft: HeldFolder | undefined;
  try {
    draft = parent.folder(draftName);
    return JSON.parse(draft.readFile(CREATOR_FILE).toString('utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  } finally {
    draft?.close();
  }
}

/** Removes what can be removed: a draft that cannot go hinders nobody. */
function tryRemoving(remove: () => void): void {
  try {
    remove();
  } catch {
    // It holds something that is no part of a draft, or may not be touched, so it stays.
  }
}

/**
 * Removes drafts of the store called `storeName` whose creators died; what else has such a name belongs to the
 * user. A creator that died before it said who it was leaves an empty folder.
 */
function removeDeadDrafts(parent: HeldFolder, storeName: string, environment: StoreEnvironment): void {
  const prefix = draftPrefix(storeName);
  for (const name of parent.names()) {
    // @spec DML-STO-0119
    if (!name.startsWith(prefix) || !DRAFT_TAIL.test(name.slice(prefix.length))) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    const creator = readCreator(parent, name);
    const isDead =
      creator === undefined ? environment.probe(pid).state === 'dead' : isKnownDead(creator, environment);
    // @spec DML-STO-0105
    if (!isDead) continue;
    // @spec DML-STO-0104
    tryRemoving(() => (creator === undefined ? parent.removeEmptyFolder(name) : removeDraft(parent, name)));
  }
}

function newStoreFacts(
  createdBy: string,
  environment: StoreEnvironment,
): readonly (readonly [MetaKey, MetaValue])[] {
  // @spec DML-STO-0007
  return [
    ['schema', SCHEMA_VERSION],
    ['created_by', createdBy],
    ['created_at_ms', environment.nowMs()],
    ['engine', ENGINE_VERSION],
    ['repository', environment.randomUuid()],
    ['generation', 0],
    ['head', 'refs/heads/main'],
  ];
}

/**
 * Creates an empty store at `path`, whole or not at all: it is built next to it and renamed into place.
 * Of several creators at once one wins; the others leave its store untouched. Returns whether this one did.
 */
export async function createStoreFiles(
  path: string,
  createdBy: string,
  environment: StoreEnvironment,
): Promise<boolean> {
  const storeName = basename(path);
  const name = `${draftPrefix(storeName)}${environment.process.pid}-${environment.randomUuid()}`;
  let parent: HeldFolder | undefined;
  let draft: HeldFolder | undefined;
  try {
    makeFolder(dirname(path), FOLDER_MODE);
    parent = HeldFolder.open(realpathSync(dirname(path)));
    removeDeadDrafts(parent, storeName, environment);
    draft = parent.makeFolder(name, FOLDER_MODE);
    draft.writeNewFile(CREATOR_FILE, JSON.stringify(environment.process));
    await createDataFile(draft, { mapBytes: environment.mapBytes, environment }, (tables) => {
      for (const [key, value] of newStoreFacts(createdBy, environment)) {
        tables.meta.putSync(textKey(key), encodeMeta(key, value));
      }
    });
    environment.syncDirectory(draft.reach(''));
    environment.failpoint?.('create/before-rename');
    // @spec DML-STO-0101
    parent.rename(name, storeName);
    draft.close();
    draft = undefined;
    draft = parent.folder(storeName);
    draft.removeFile(CREATOR_FILE);
    // @spec DML-STO-0103
    environment.syncDirectory(parent.reach(''));
    return true;
  } catch (cause) {
    if (parent !== undefined) {
      const around = parent;
      tryRemoving(() => removeDraft(around, name));
    }
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST')) {
      const winner = findStore(path);
      winner?.close();
      // @spec DML-STO-0102
      if (winner !== undefined) return false;
      // @spec DML-STO-0120
      throw storeError('store_unwritable', { path, errno: code, detail: 'folder_not_empty' }, cause);
    }
    if (cause instanceof Error && cause.name === 'DmlError') throw cause;
    // @spec DML-STO-0107
    throw storeError('store_unwritable', { path, errno: errnoOf(cause) ?? 'unknown' }, cause);
  } finally {
    draft?.close();
    parent?.close();
  }
}
