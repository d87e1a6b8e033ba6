import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createDataFile } from './engine/engine.ts';
import { ENGINE_VERSION } from './engine/engine-options.ts';
import { findStoreFiles, readRegularFile } from './engine/store-files.ts';
import type { ProcessIdentity, StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { textKey } from './keyspace.ts';
import { makeFolder } from './make-folder.ts';
import { encodeMeta, type MetaKey, type MetaValue } from './meta.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { isProcessAlive } from './sessions.ts';

/** The file of a draft that says which process makes it. */
const CREATOR_FILE = 'creator';
const DRAFT_TAIL = /^\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readCreator(draft: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readRegularFile(join(draft, CREATOR_FILE)).toString('utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Removes a folder that is empty: a creator that died before it said who it was leaves one. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds something, so it stays.
  }
}

/** Removes drafts of creators that died; what else has such a name belongs to the user. */
function removeDeadDrafts(parent: string, prefix: string, environment: StoreEnvironment): void {
  for (const name of readdirSync(parent)) {
    // @spec DML-STO-0119
    if (!name.startsWith(prefix) || !DRAFT_TAIL.test(name.slice(prefix.length))) continue;
    const draft = join(parent, name);
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    const creator = readCreator(draft);
    const isDead =
      creator === undefined
        ? environment.probe(pid).state === 'dead'
        : isProcessAlive(creator, environment) === false;
    // @spec DML-STO-0105
    if (!isDead) continue;
    // @spec DML-STO-0104
    if (creator === undefined) removeEmpty(draft);
    else rmSync(draft, { recursive: true, force: true });
  }
}

function removeDraft(draft: string): void {
  try {
    rmSync(draft, { recursive: true, force: true });
  } catch {
    // A place that cannot hold a draft holds none.
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
 * Creates an empty store at `path`, whole or not at all: it is built beside and renamed into place.
 * Of several creators at once one wins; the others leave its store untouched. Yields whether this one did.
 */
export async function createStoreFiles(
  path: string,
  createdBy: string,
  environment: StoreEnvironment,
): Promise<boolean> {
  const parent = dirname(path);
  const prefix = `${basename(path)}.new-`;
  const draft = join(parent, `${prefix}${environment.process.pid}-${environment.randomUuid()}`);
  try {
    makeFolder(parent);
    removeDeadDrafts(parent, prefix, environment);
    mkdirSync(draft);
    writeFileSync(join(draft, CREATOR_FILE), JSON.stringify(environment.process), { flush: true });
    await createDataFile(draft, { mapBytes: environment.mapBytes }, (tables) => {
      for (const [key, value] of newStoreFacts(createdBy, environment)) {
        tables.meta.putSync(textKey(key), encodeMeta(key, value));
      }
    });
    environment.syncDirectory(draft);
    environment.failpoint?.('create/before-rename');
    // @spec DML-STO-0101
    renameSync(draft, path);
    rmSync(join(path, CREATOR_FILE), { force: true });
    // @spec DML-STO-0103
    environment.syncDirectory(parent);
    return true;
  } catch (cause) {
    removeDraft(draft);
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST')) {
      // @spec DML-STO-0102
      if (findStoreFiles(path)) return false;
      // @spec DML-STO-0120
      throw storeError('store_unwritable', { path, errno: code, detail: 'folder_not_empty' }, cause);
    }
    if (cause instanceof Error && cause.name === 'DmlError') throw cause;
    // @spec DML-STO-0107
    throw storeError('store_unwritable', { path, errno: code ?? 'unknown' }, cause);
  }
}
