import { existsSync, lstatSync, readdirSync, realpathSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { DmlError } from '@daggerml/object-model';
import { errnoOf, openError } from '../engine/engine-error.ts';
import { type StoreErrorFields, storeError } from '../errors.ts';
import { type OpenStoreOptions, openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { FOLDER_MODE } from '../store-folder/file-rights.ts';
import { isStore } from '../store-folder/find-store.ts';
import { makeFolder } from '../store-folder/make-folder.ts';
import type { Cut } from './cut.ts';
import { isBeginning } from './mirror-rows.ts';

/** The store that a backup writes to. */
export interface Target {
  readonly store: Store;
  /** Final path of the store. */
  readonly path: string;
  /** Set while the store is in a folder of another name, because it is not whole yet. */
  readonly draftPath: string | undefined;
}

/** Options of the opening of a backup's target. */
export type TargetOpening = Pick<OpenStoreOptions, 'program' | 'checkOwner' | 'signal'>;

/** Throws `backup_refused` for a target that is the source or in its folder. */
function assertApart(source: Store, path: string, sourceFolder: string): void {
  const isInside = relative(realpathSync(sourceFolder), realPlace(resolve(path))).split(sep)[0] !== '..';
  const isSame = isStore(path) && fileName(source.path) === fileName(path);
  // @spec DML-STO-1416
  if (isInside || isSame) throw storeError('backup_refused', { detail: 'inside_source', path });
}

/** Returns where a path leads, also when the last folders of it are still to be made. */
function realPlace(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realPlace(dirname(path)), basename(path));
}

function fileName(storePath: string): string {
  const { dev, ino } = statSync(join(storePath, 'data.mdb'), { bigint: true });
  return `${dev}:${ino}`;
}

/** Target of a backup. */
export interface TargetPlace {
  /** Final path of the store. */
  readonly path: string;
  /** Set when no store is there yet: where it is made. */
  readonly draftPath: string | undefined;
  /** True when there is nothing of a backup yet. */
  readonly isNew: boolean;
}

/** Returns where a backup goes, without changing anything; throws `backup_refused` for a place that is not for it. */
export function findPlace(
  source: Store,
  path: string,
  { folder = path, sourceFolder = source.path }: { readonly folder?: string; readonly sourceFolder?: string },
): TargetPlace {
  const occupied = (place: string): Error =>
    storeError('backup_refused', { detail: 'occupied', path: place });
  try {
    // Below a file nothing can be looked for.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) throw occupied(folder);
    assertApart(source, path, sourceFolder);
    if (isStore(path)) return { path, draftPath: undefined, isNew: false };
    // @spec DML-STO-1408
    const draftPath = `${path}.incomplete`;
    const isNew = !isStore(draftPath);
    // @spec DML-STO-1422
    for (const place of [path, draftPath])
      if (!isStore(place) && isOccupied(place, lstatSync)) throw occupied(place);
    const [own] = relative(folder, path).split(sep);
    if (isNew && isOccupied(folder, statSync, own)) throw occupied(folder);
    return { path, draftPath, isNew };
  } catch (cause) {
    throw errnoOf(cause) === undefined ? cause : openError(cause, { path, detail: 'prepare' });
  }
}

/** Checks whether a place is no folder, or one that holds more than the entry `own`. */
function isOccupied(place: string, look: typeof statSync, own = ''): boolean {
  const stats = look(place, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  return !stats.isDirectory() || readdirSync(place).some((name) => name !== own);
}

/** Opens the store at a place to bring it up to date, or begins one in a draft next to it. */
export async function openTarget(
  source: Store,
  { path, draftPath }: TargetPlace,
  opening: TargetOpening,
): Promise<Target> {
  try {
    makeFolder(dirname(path), FOLDER_MODE);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw storeError('store_unwritable', { path, errno }, cause);
  }
  const store = await openStore(draftPath ?? path, {
    ...opening,
    mode: 'write',
    create: draftPath !== undefined,
    environment: source.environment,
  });
  return { store, path, draftPath };
}

/**
 * Registers this session in the target, and throws `backup_refused` for a target that this backup must not change
 * or that another session has open.
 */
export function claimTarget(source: Store, target: Target, cut: Cut): void {
  const { store, path, draftPath } = target;
  const refuse = (detail: string): Error => storeError('backup_refused', { detail, path });
  store.transact('backup/claim', (transaction) => {
    const others = store.liveSessions().filter(({ sessionId }) => sessionId !== store.sessionId);
    // @spec DML-STO-1417
    if (others.length > 0) throw refuse('in_use');
    const repository = new Map(cut.meta).get('repository') ?? '';
    if (transaction.getMeta('backup') === undefined) {
      // @spec DML-STO-1414
      if (draftPath === undefined) throw refuse('not_a_backup');
      transaction.setMeta('repository', repository);
      transaction.setMeta('backup', 0);
    } else if (transaction.getMeta('repository') !== repository) throw refuse('other_repository');
    assertBeginning(source, target);
  });
}

/** Throws `backup_refused` unless the target's journal is the beginning of the source's. */
export function assertBeginning(source: Store, { store, path }: Target): void {
  // @spec DML-STO-1415
  if (!isBeginning(store, source)) throw storeError('backup_refused', { detail: 'diverged', path });
}

/**
 * Closes a backup that is whole, and puts a first one in its place. Rejects with `store_close_failed` when it is there
 * and could not be closed in order.
 */
export async function placeTarget(target: Target): Promise<void> {
  let failure: DmlError | undefined;
  try {
    await target.store.close();
  } catch (error) {
    if (!(error instanceof DmlError && error.code === 'store_close_failed')) throw error;
    failure = error;
  }
  renameDraft(target);
  // @spec DML-STO-0760
  if (failure !== undefined)
    throw storeError(
      'store_close_failed',
      { ...(failure.fields as StoreErrorFields), path: target.path },
      failure,
    );
}

function renameDraft({ path, draftPath, store }: Target): void {
  if (draftPath === undefined) return;
  try {
    // @spec DML-STO-1409
    renameSync(draftPath, path);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw storeError('store_unwritable', { path, errno }, cause);
  }
  store.environment.syncDirectory(dirname(path));
}
