import type { ExecutionKey } from '@daggerml/object-model';
import type { Remote } from '../remote.ts';
import {
  CachePublisher,
  type CachePublisherOptions,
  type OutcomeObjects,
  type OutcomeToPublish,
} from './cache-publisher.ts';
import { type CachedOutcome, CacheReader, type IsHere } from './cache-reader.ts';
import { CacheView, type CacheViewOptions } from './cache-view.ts';
import { type GatherClock, GatheredPublications } from './gather-publications.ts';

export interface RemoteCacheOptions extends CacheViewOptions, CachePublisherOptions {
  readonly gatherClock?: GatherClock | undefined;
}

/** The shared cache of a remote: looks up, publishes, and gathers what is published. */
export class RemoteCache {
  /** The remote as people know it. */
  readonly name: string;
  readonly #view: CacheView;
  readonly #reader: CacheReader;
  readonly #gathered: GatheredPublications;

  constructor(remote: Remote, options: RemoteCacheOptions = {}) {
    this.name = remote.files.name;
    this.#view = new CacheView(remote, options);
    this.#reader = new CacheReader(this.#view);
    const publisher = new CachePublisher(this.#view, this.#reader, options);
    this.#gathered = new GatheredPublications({
      publish: (outcomes, source) => publisher.publish(outcomes, source),
      clock: options.gatherClock,
    });
  }

  /** Looks up keys, see `CacheReader`. */
  lookUp(
    keys: readonly ExecutionKey[],
    isHere?: IsHere,
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, CachedOutcome>, void, undefined> {
    return this.#reader.lookUp(keys, isHere);
  }

  /** Publishes outcomes together with those of a short time, see `GatheredPublications`. */
  publish(outcomes: readonly OutcomeToPublish[], source: OutcomeObjects): Promise<void> {
    return this.#gathered.publish(outcomes, source);
  }

  /** Publishes at once what waits for others. */
  flush(): void {
    this.#gathered.flush();
  }

  /** Checks whether there may be an outcome of a key, as the cache is now where `isFresh`. */
  async mayHave(key: ExecutionKey, isFresh: boolean): Promise<boolean> {
    await (isFresh ? this.#view.fresh() : this.#view.snapshot());
    return this.#view.mayHave(key);
  }
}
