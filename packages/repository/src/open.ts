import { join } from 'node:path';
import { isDmlError } from '@daggerml/object-model';
import {
  ensurePlain,
  FOLDER_MODE,
  makeFolder,
  nodeEnvironment,
  type OpenStoreOptions,
  openStore,
  type Store,
  type WaitOptions,
} from '@daggerml/store';
import { repositoryError } from './errors.ts';
import { assertUsable, hasStoreFiles, isRepository, REPOSITORY_MARK, storePath } from './folder.ts';
import { admitRepository } from './trust/admit-repository.ts';
import { type UserContext, userContext } from './trust/user-context.ts';

/** Rules for opening repositories of other users. */
export interface TrustOptions {
  /**
   * Opens also what another user owns, or everybody may write to, and the user has not listed as trusted: whoever
   * wrote there decides what this repository returns and runs.
   */
  readonly trust?: boolean | undefined;
  /** Folders of the user; those that the environment of the process names by default. */
  readonly user?: UserContext | undefined;
}

/** Options for opening the store of a repository. */
export interface OpeningOptions extends WaitOptions, TrustOptions {
  /** Name and version of the program, as the store records them. */
  readonly program?: string;
  /** Ends an opening that waits for other processes. */
  readonly signal?: AbortSignal;
}

/** Opens the store of the repository in a folder; rejects with `repository_untrusted` and codes of the store.
 */
export function openRepository(
  folder: string,
  mode: 'read' | 'write',
  options: OpeningOptions = {},
): Promise<Store> {
  return openStore(storePath(folder), { mode, ...openingOf(folder, options) });
}

/**
 * Creates a repository in a folder and opens its store; undefined where there is one, or another
 * process creates it at the same time. Throws `repository_unusable`, `unwritable_folder` and codes of the store.
 */
export async function createRepository(
  folder: string,
  options: OpeningOptions = {},
): Promise<Store | undefined> {
  if (isRepository(folder)) return undefined;
  if (!hasStoreFiles(folder)) assertUsable(folder);
  makeRepositoryFolder(folder, options);
  let isCreator = false;
  const onCreated = (): void => {
    isCreator = true;
  };
  const opening = openingOf(folder, options);
  const store = await openStore(storePath(folder), { mode: 'write', create: true, onCreated, ...opening });
  if (isCreator) return store;
  await store.close();
  return undefined;
}

/** Returns what refuses the store of a folder's repository for its owner; throws for the folder itself. */
export function admitterOf(
  folder: string,
  { trust, user }: TrustOptions,
): Pick<OpenStoreOptions, 'checkOwner'> {
  // @spec DML-BND-0349
  return trust ? {} : { checkOwner: admitRepository(folder, user ?? userContext()) };
}

/** Creates the `.dml` of a folder; throws `unwritable_folder` and as `admitterOf`. */
export function makeRepositoryFolder(folder: string, options: TrustOptions): void {
  const mark = join(folder, REPOSITORY_MARK);
  try {
    makeFolder(mark, FOLDER_MODE);
    // @spec DML-BND-0345
    admitterOf(folder, options);
    // Kept out of the version control of the project around it.
    // @spec DML-BND-0346
    ensurePlain(join(mark, '.gitignore'), '*\n');
  } catch (error) {
    if (isDmlError(error)) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? '';
    throw repositoryError('unwritable_folder', { folder, reason }, error);
  }
}

/** @spec DML-BND-0360 */
function openingOf(
  folder: string,
  { program, signal, lockWaitMs, onWait, whileBlocked, ...trust }: OpeningOptions,
): Omit<OpenStoreOptions, 'mode'> {
  return {
    ...(program !== undefined && { program }),
    environment: nodeEnvironment({ lockWaitMs, onWait, whileBlocked }),
    // @spec DML-BND-0361
    signal,
    ...admitterOf(folder, trust),
  };
}
