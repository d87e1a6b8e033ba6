import type { OpenAdapter } from '@daggerml/remotes';
import { admitterOf, remotesPath, type TrustOptions } from '@daggerml/repository';
import { type LeftOutSource, type Store, type StubFacts, withheldError } from '@daggerml/store';

/** A repository whose left-out objects are read on demand. */
export interface OnDemandOptions extends TrustOptions {
  readonly folder: string;
  /** Name of whoever reads. */
  readonly actor: string;
  /** Opens the remotes of adapters that are not in the box; none by default. */
  readonly openAdapter?: OpenAdapter | undefined;
}

/**
 * Makes reads of a store that wait for an object ask the remotes of its repository for what was left out. What is read
 * stays in the repository, so the store has to be open for writing. Closing the store ends it.
 */
export function readOnDemand(store: Store, options: OnDemandOptions): void {
  store.leftOutSource = new OnDemand(store, options);
}

/** The source, which loads what it takes when it is asked for the first time. */
class OnDemand implements LeftOutSource {
  readonly #store: Store;
  readonly #options: OnDemandOptions;
  #source: Promise<LeftOutSource> | undefined;

  constructor(store: Store, options: OnDemandOptions) {
    this.#store = store;
    this.#options = options;
  }

  async bring(stubs: readonly StubFacts[]): Promise<void> {
    const [first] = stubs;
    // @spec DML-REM-0959
    if (this.#store.isReadOnly && first !== undefined)
      throw withheldError(first, 'this repository is open for reading only');
    this.#source ??= this.#open();
    await (await this.#source).bring(stubs);
  }

  async #open(): Promise<LeftOutSource> {
    const { leftOutSource, openFiles, readRemotes, systemRemote, systemSurroundings } = await import(
      '@daggerml/remotes'
    );
    const { folder, actor, openAdapter, ...trust } = this.#options;
    return leftOutSource({
      // The places of the remotes get the credentials of the user.
      remotes: () => readRemotes(remotesPath(folder), admitterOf(folder, trust).checkOwner),
      open: async (uri) => systemRemote(await openFiles(uri, systemSurroundings(), openAdapter), actor),
      store: this.#store,
    });
  }

  async close(): Promise<void> {
    await (await this.#source)?.close();
  }
}
