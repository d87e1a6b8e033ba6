import type { ExecutionKey } from '@daggerml/object-model';
import { assertInternal } from '../federation/remote-purpose.ts';
import type { Remote } from '../remote.ts';
import { type ExecSigner, ExecTrust, type TrustPolicy } from '../signatures/exec-signature.ts';
import {
  CachePublisher,
  type CachePublisherOptions,
  type OutcomeList,
  type OutcomeObjects,
  type OutcomeToPublish,
  type PublishCounts,
} from './cache-publisher.ts';
import {
  type CachedOutcome,
  CacheReader,
  type CacheReaderOptions,
  type IsHere,
  type OutcomeChoice,
} from './cache-reader.ts';
import { CacheView, type CacheViewOptions } from './cache-view.ts';
import { type GatherClock, GatheredPublications } from './gather-publications.ts';
import type { KeysByPlace } from './keys-by-place.ts';

export interface RemoteCacheOptions extends CacheViewOptions, Omit<CachePublisherOptions, 'sign'> {
  readonly gatherClock?: GatherClock | undefined;
  /** Signs what is published; it is not signed by default. */
  readonly signer?: ExecSigner | undefined;
  /** Trust in what others have published; all is trusted by default. The own signer is trusted whatever it says. */
  readonly trust?: TrustPolicy | undefined;
  readonly onUntrusted?: CacheReaderOptions['onUntrusted'];
}

/** The shared cache of a remote: looks up, publishes, and gathers what is published. */
export class RemoteCache {
  /** The remote as people know it. */
  readonly name: string;
  /** False where what would be published is not to be trusted by the own policy, and is not published. */
  readonly isPublishing: boolean;
  readonly #view: CacheView;
  readonly #reader: CacheReader;
  readonly #publisher: CachePublisher;
  readonly #gathered: GatheredPublications;

  constructor(remote: Remote, { signer, trust: policy, onUntrusted, ...options }: RemoteCacheOptions = {}) {
    this.name = remote.files.name;
    const own = signer === undefined ? [] : [signer.signer];
    const trust = policy && new ExecTrust({ ...policy, keys: [...policy.keys, ...own] });
    this.#view = new CacheView(remote, options);
    this.#reader = new CacheReader(this.#view, { trust, onUntrusted });
    // What would not be trusted here takes no place. @spec DML-REM-1229
    this.isPublishing = trust === undefined || trust.acceptsFrom(signer?.signer);
    // @spec DML-REM-1504
    const sign: CachePublisherOptions['sign'] = signer && ((execId) => signer.sign(execId));
    this.#publisher = new CachePublisher(this.#view, this.#reader, { ...options, sign });
    this.#gathered = new GatheredPublications({
      publish: (outcomes, source) => this.#publisher.publish(outcomes, source),
      clock: options.gatherClock,
    });
  }

  /** Looks up keys, see `CacheReader`. */
  lookUp(
    keys: readonly ExecutionKey[],
    isHere?: IsHere,
    choice?: OutcomeChoice,
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, CachedOutcome>, void, undefined> {
    return this.#reader.lookUp(keys, isHere, choice);
  }

  /** Returns the keys of all entries; for a cache that was opened to read all of them. */
  async keys(): Promise<KeysByPlace> {
    await this.#view.snapshot();
    return this.#view.keysByPlace();
  }

  /** Publishes outcomes together with those of a short time, see `GatheredPublications`. */
  async publish(outcomes: readonly OutcomeToPublish[], source: OutcomeObjects): Promise<void> {
    if (this.isPublishing) await this.#gathered.publish(outcomes, source);
  }

  /**
   * Publishes outcomes that were kept, at once and in batches; what the cache has of their keys stays. Throws as
   * `CachePublisher` does.
   *
   * @spec DML-REM-1831 DML-REM-1832
   */
  async publishKept(outcomes: OutcomeList, source: OutcomeObjects): Promise<PublishCounts> {
    return await this.#publisher.publish(outcomes, source, { isOfKept: true });
  }

  /** Publishes at once what waits for others. */
  flush(): void {
    this.#gathered.flush();
  }

  /** Throws `remote_purpose` for a remote to which nothing internal may be written. */
  async assertInternal(): Promise<void> {
    assertInternal((await this.#view.snapshot()).state, this.name);
  }

  /** Checks whether there may be an outcome of a key, as the cache is now where `isFresh`. */
  async mayHave(key: ExecutionKey, isFresh: boolean): Promise<boolean> {
    await (isFresh ? this.#view.fresh() : this.#view.snapshot());
    return this.#view.mayHave(key);
  }
}
