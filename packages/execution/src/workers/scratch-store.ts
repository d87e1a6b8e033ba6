import { join } from 'node:path';
import { openStore, type Store } from '@daggerml/store';
import { PrivateFolder } from '../process/private-folder.ts';

/** A store of this process that is gone with it. */
export class ScratchStore {
  readonly store: Store;
  readonly #folder: PrivateFolder;

  private constructor(folder: PrivateFolder, store: Store) {
    this.#folder = folder;
    this.store = store;
  }

  static async create(name: string): Promise<ScratchStore> {
    const folder = new PrivateFolder(name);
    try {
      return new ScratchStore(
        folder,
        await openStore(join(folder.path, 'store'), { mode: 'write', create: true }),
      );
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.#folder.close();
  }
}
