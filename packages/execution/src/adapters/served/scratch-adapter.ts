import { join } from 'node:path';
import { openStore, type Store } from '@daggerml/store';
import { RunObjects } from '../../objects/run-objects.ts';
import { PrivateFolder } from '../../process/private-folder.ts';
import type { AdapterReport, ExecutionAdapter, StartAdapter } from '../port.ts';

/** Size of a store that is given up once nothing runs. */
const FULL_BYTES = 256 * 1024 * 1024;

/** An adapter that works on a store of its own, which is gone with it. */
export class ScratchAdapter {
  readonly objects: RunObjects;
  readonly adapter: ExecutionAdapter;
  readonly #folder: PrivateFolder;
  readonly #store: Store;
  #writtenBytes = 0;

  private constructor(
    folder: PrivateFolder,
    store: Store,
    start: StartAdapter,
    report: (reports: readonly AdapterReport[]) => void,
  ) {
    this.#folder = folder;
    this.#store = store;
    this.objects = new RunObjects(store);
    this.objects.whenFull = () => {
      this.#writtenBytes += this.objects.sizeBytes;
      this.objects.writeAll();
    };
    const { objects } = this;
    this.adapter = start({
      objects,
      report: (reports) => {
        for (const news of reports) if (news.type === 'objects') objects.take(news.objects);
        report(reports);
      },
    });
  }

  static async create(
    start: StartAdapter,
    report: (reports: readonly AdapterReport[]) => void,
  ): Promise<ScratchAdapter> {
    const folder = new PrivateFolder('dml-served');
    try {
      const store = await openStore(join(folder.path, 'store'), { mode: 'write', create: true });
      return new ScratchAdapter(folder, store, start, report);
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** Returns this adapter; once it holds so much of earlier calls that it is given up, closes it and returns nothing. */
  async unlessFull(): Promise<ScratchAdapter | undefined> {
    if (this.#writtenBytes <= FULL_BYTES) return this;
    await this.close();
    return undefined;
  }

  async close(): Promise<void> {
    await this.adapter.close();
    await this.#store.close();
    await this.#folder.close();
  }
}
