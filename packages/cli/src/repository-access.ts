import { resolve } from 'node:path';
import { findRepositoryFolder } from '@daggerml/bindings/folder';
import type { Store } from '@daggerml/store';
import type { CommandContext } from './command.ts';

/**
 * Yields the repository folder that a command works in: the nearest at or above `--repo`, else the current one.
 * Throws `not_a_repository`.
 *
 * @spec DML-CLI-0305
 */
export function repositoryFolder({ io, globals }: Pick<CommandContext, 'io' | 'globals'>): string {
  return findRepositoryFolder(resolve(io.cwd, globals.repo ?? '.'));
}

/**
 * Opens the repository's store for the time of `body`; readers open it read-only.
 *
 * @spec DML-CLI-0306
 */
export async function withStore<T>(
  context: Pick<CommandContext, 'io' | 'globals'>,
  mode: 'read' | 'write',
  body: (store: Store) => T | Promise<T>,
): Promise<T> {
  const folder = repositoryFolder(context);
  const { openStore } = await import('@daggerml/store');
  const { storePath } = await import('@daggerml/bindings/folder');
  const store = await openStore(storePath(folder), { mode });
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}
