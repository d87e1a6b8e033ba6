import { RunObjects } from '../../objects/run-objects.ts';
import { ScratchStore } from '../../workers/scratch-store.ts';
import type { AdapterReport, ExecutionAdapter, StartAdapter } from '../port.ts';

/** Size of a store that is given up once nothing runs. */
const FULL_BYTES = 256 * 1024 * 1024;

/** An adapter that works on a store of its own, which is gone with it. */
export class ScratchAdapter {
  readonly objects: RunObjects;
  readonly adapter: ExecutionAdapter;
  readonly #scratch: ScratchStore;
  #writtenBytes = 0;

  private constructor(
    scratch: ScratchStore,
    start: StartAdapter,
    report: (reports: readonly AdapterReport[]) => void,
  ) {
    this.#scratch = scratch;
    this.objects = new RunObjects(scratch.store);
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
    return new ScratchAdapter(await ScratchStore.create('dml-served'), start, report);
  }

  /** Returns this adapter; once it holds so much of earlier calls that it is given up, closes it and returns nothing. */
  async unlessFull(): Promise<ScratchAdapter | undefined> {
    if (this.#writtenBytes <= FULL_BYTES) return this;
    await this.close();
    return undefined;
  }

  async close(): Promise<void> {
    await this.adapter.close();
    await this.#scratch.close();
  }
}
