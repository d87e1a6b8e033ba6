import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Repository } from '@daggerml/bindings';
import { findRepositoryFolder, REPOSITORY_MARK } from '@daggerml/bindings/folder';
import type { CheckOwner, Store } from '@daggerml/store';
import { actorOf } from './actor.ts';
import { isAnyDmlError } from './any-dml-error.ts';
import { cliError } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { absolutePath } from './current-folder.ts';
import { thenClose } from './then-close.ts';
import { waitsOf } from './waits.ts';

/** What a system says of a file that the user may not use. */
const NO_RIGHT = new Set(['EACCES', 'EPERM']);

/**
 * Yields the repository folder that a command works in: the nearest at or above `--repo`, else the current one.
 * Throws `not_a_repository` and `missing_folder`.
 *
 * @spec DML-CLI-0305
 */
export function repositoryFolder({ io, globals }: Pick<CommandContext, 'io' | 'globals'>): string {
  const start = absolutePath(io, globals.repo ?? '.');
  if (globals.repo !== undefined) requireFolder(start);
  try {
    return findRepositoryFolder(start);
  } catch (error) {
    refuseUnreadable(start);
    throw error;
  }
}

/** Throws `missing_folder`: above a folder that is misspelled another repository may lie. @spec DML-CLI-0362 */
export function requireFolder(folder: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (cause) {
    // What may not be looked at is told of by who looks into it.
    if (NO_RIGHT.has((cause as NodeJS.ErrnoException).code ?? '')) return;
    throw cliError('missing_folder', { folder }, cause);
  }
  if (!isFolder) throw cliError('missing_folder', { folder });
}

/**
 * Throws `unreadable_repository` when at or above a folder there is a store that may not be looked into; such a
 * repository is there all the same.
 *
 * @spec DML-CLI-1206
 */
export function refuseUnreadable(start: string, access: (path: string) => void = mayLookInto): void {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, REPOSITORY_MARK, 'store');
    try {
      access(path);
    } catch (cause) {
      const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      if (NO_RIGHT.has(errno)) throw cliError('unreadable_repository', { path, errno }, cause);
    }
    if (folder === dirname(folder)) return;
  }
}

function mayLookInto(folder: string): void {
  accessSync(folder, constants.R_OK | constants.X_OK);
}

/** Tells a store whose files may not be read from one that is not there. */
export function whyNotOpened(error: unknown): unknown {
  if (!isAnyDmlError(error) || error.code !== 'store_unreadable') return error;
  const { path, errno } = error.fields;
  if (typeof path !== 'string' || typeof errno !== 'string' || !NO_RIGHT.has(errno)) return error;
  return cliError('unreadable_repository', { path, errno }, error);
}

/**
 * Yields what refuses a repository that somebody else may have written to; throws for its folder.
 *
 * @spec DML-CLI-1240
 */
export async function admitterOf(
  { io }: Pick<CommandContext, 'io'>,
  folder: string,
): Promise<{ readonly checkOwner: CheckOwner }> {
  const { admitRepository, userContext } = await import('@daggerml/bindings/trust');
  return { checkOwner: admitRepository(folder, userContext(io.env)) };
}

/**
 * Opens the repository's store for the time of `body`; readers open it read-only.
 *
 * @spec DML-CLI-0306
 */
export async function withStore<T>(
  context: Pick<CommandContext, 'io' | 'globals' | 'output'>,
  mode: 'read' | 'write',
  body: (store: Store) => T | Promise<T>,
): Promise<T> {
  const folder = repositoryFolder(context);
  const { nodeEnvironment, openStore } = await import('@daggerml/store');
  const { storePath } = await import('@daggerml/bindings/folder');
  const admission = await admitterOf(context, folder);
  const opening = { mode, environment: nodeEnvironment(waitsOf(context)), signal: context.io.signal };
  const store = await openStore(storePath(folder), { ...opening, ...admission }).catch((error: unknown) => {
    throw whyNotOpened(error);
  });
  return await thenClose(
    context,
    () => body(store),
    () => store.close(),
  );
}

/** Opens the repository for the time of `body`, which changes or copies it as a whole. */
export async function withRepository<T>(
  context: Pick<CommandContext, 'io' | 'globals' | 'output'>,
  body: (repository: Repository) => T | Promise<T>,
): Promise<T> {
  const folder = repositoryFolder(context);
  const { Repository, userContext } = await import('@daggerml/bindings');
  const { io } = context;
  const options = {
    author: actorOf(io.env),
    nowMs: io.nowMs,
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
  };
  const repository = await Repository.open(folder, options).catch((error: unknown) => {
    throw whyNotOpened(error);
  });
  return await thenClose(
    context,
    () => body(repository),
    () => repository.close(),
  );
}
