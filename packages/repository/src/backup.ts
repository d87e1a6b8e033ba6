import { join } from 'node:path';
import { type BackupOptions, type BackupReport, backupStore, type Store } from '@daggerml/store';
import { REPOSITORY_MARK, storePath } from './folder.ts';
import { admitterOf, makeRepositoryFolder, type TrustOptions } from './open.ts';

/** Options for copying a repository. */
export interface RepositoryBackup extends Pick<BackupOptions, 'onProgress' | 'signal'>, TrustOptions {
  /** Name and version of the program, as the copy records them. */
  readonly program: string;
  /** The folder that the repository is in. */
  readonly from: string;
  /** The folder that becomes a repository of its own. */
  readonly to: string;
}

/**
 * Copies a repository into a folder while others write to it, and checks the copy. An earlier backup of this repository
 * in that folder is brought up to date; one that was cut off is continued. Rejects with `backup_refused`, other codes
 * of the store, and the reason of the signal.
 *
 * @spec DML-BND-0380
 */
export async function backupRepository(
  store: Store,
  { from, to, trust, user, ...options }: RepositoryBackup,
): Promise<BackupReport> {
  const report = await backupStore(store, storePath(to), {
    ...options,
    // @spec DML-BND-0383
    folder: to,
    // @spec DML-BND-0384
    sourceFolder: join(from, REPOSITORY_MARK),
    // @spec DML-BND-0382
    ...admitterOf(to, { trust, user }),
  });
  // What was refused leaves nothing behind. @spec DML-BND-0381
  makeRepositoryFolder(to, { trust, user });
  return report;
}
