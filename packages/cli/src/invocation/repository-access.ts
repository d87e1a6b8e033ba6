import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDmlError } from '@daggerml/object-model';
import {
  branchOf,
  type DagsChange,
  findRepositoryFolder,
  type OpeningOptions,
  REPOSITORY_MARK,
  type RecordReader,
} from '@daggerml/repository';
import type { CheckOwner, Store } from '@daggerml/store';
import { actorOf } from '../process/actor.ts';
import { absolutePath } from '../process/current-folder.ts';
import { errnoOf } from '../process/errno.ts';
import { programVersion } from '../process/program-version.ts';
import { adapterOpener } from '../process/remote-adapters.ts';
import { thenClose } from '../process/then-close.ts';
import { waitsOf } from '../process/waits.ts';
import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';

/** Error codes of a file without permission. */
const NO_RIGHT = new Set(['EACCES', 'EPERM']);

/**
 * Returns the repository folder that a command works in: the nearest at or above `--repo`, else the current one.
 * Throws `not_a_repository` and `missing_folder`.
 */
export function repositoryFolder({ io, globals }: Pick<CommandContext, 'io' | 'globals'>): string {
  const start = absolutePath(io, globals.repo ?? '.');
  if (globals.repo !== undefined) requireFolder(start);
  try {
    // @spec DML-CLI-0305
    return findRepositoryFolder(start);
  } catch (error) {
    refuseUnreadable(start);
    throw error;
  }
}

/** Throws `missing_folder`: above a folder that is misspelled another repository may lie. */
export function requireFolder(folder: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (cause) {
    // What may not be looked at is reported by who looks into it.
    if (NO_RIGHT.has(errnoOf(cause))) return;
    throw cliError('missing_folder', { folder }, cause);
  }
  // @spec DML-CLI-0362
  if (!isFolder) throw cliError('missing_folder', { folder });
}

/**
 * Throws `unreadable_repository` when at or above a folder there is a store that may not be looked into; such a
 * repository is there all the same.
 */
export function refuseUnreadable(start: string, access: (path: string) => void = mayLookInto): void {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, REPOSITORY_MARK, 'store');
    try {
      access(path);
    } catch (cause) {
      const errno = errnoOf(cause);
      // @spec DML-CLI-1206
      if (NO_RIGHT.has(errno)) throw cliError('unreadable_repository', { path, errno }, cause);
    }
    if (folder === dirname(folder)) return;
  }
}

function mayLookInto(folder: string): void {
  accessSync(folder, constants.R_OK | constants.X_OK);
}

/**
 * Returns what refuses a repository that somebody else may have written to; throws for its folder.
 *
 * @spec DML-CLI-1240
 */
export async function admitterFor(
  { io }: Pick<CommandContext, 'io'>,
  folder: string,
): Promise<{ readonly checkOwner?: CheckOwner }> {
  const { admitterOf, userContext } = await import('@daggerml/repository');
  return admitterOf(folder, { user: userContext(io.env) });
}

/**
 * Opens the repository's store for the time of `body`; readers open it read-only. Who reads `content` keeps what was left
 * out and is read on demand, so they open it for writing where anything was, and they may.
 */
export async function withStore<T>(
  context: Pick<CommandContext, 'io' | 'globals' | 'output'>,
  mode: 'read' | 'content' | 'write',
  body: (reader: RecordReader, store: Store) => T | Promise<T>,
): Promise<T> {
  const folder = repositoryFolder(context);
  const { openRepository, RecordReader } = await import('@daggerml/repository');
  const opening = await openingOf(context);
  // @spec DML-CLI-0306
  let store = await openRepository(folder, mode === 'write' ? 'write' : 'read', opening);
  const isPartial = store.countStubs().objects > 0;
  if (mode === 'content' && isPartial) {
    await store.close();
    store = await openRepository(folder, 'write', opening).catch((error: unknown) => {
      if (!isDmlError(error) || error.code !== 'store_unwritable') throw error;
      return openRepository(folder, 'read', opening);
    });
  }
  if (mode !== 'read' && isPartial) {
    const { readOnDemand } = await import('@daggerml/execution');
    const { env } = context.io;
    const openAdapter = adapterOpener(env);
    readOnDemand(store, { folder, actor: actorOf(env), user: opening.user, openAdapter });
  }
  return await thenClose(
    context,
    () => body(new RecordReader(store), store),
    () => store.close(),
  );
}

/** Returns how a command opens a repository. */
export async function openingOf(
  context: Pick<CommandContext, 'io' | 'globals' | 'output'>,
): Promise<OpeningOptions & { readonly program: string }> {
  const { userContext } = await import('@daggerml/repository');
  const { io } = context;
  return {
    program: `daggerml ${programVersion()}`,
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
  };
}

/** Returns how a command commits to the current branch without running anything. */
export function changeOf({ io }: Pick<CommandContext, 'io'>, store: Store, message: string): DagsChange {
  return { store, branch: store.head(), actor: actorOf(io.env), message, nowMs: io.nowMs };
}

/** Updates a ref; throws `head_moved` where another process has moved it. */
export function moveRef(refs: Pick<Store, 'updateRef'>, update: Parameters<Store['updateRef']>[0]): void {
  if (!refs.updateRef(update).applied) throw cliError('head_moved', { head: branchOf(update.ref) });
}
