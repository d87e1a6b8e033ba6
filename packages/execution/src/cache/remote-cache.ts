import type { ExecutionKey } from '@daggerml/object-model';
import { type IsHere, type Remote, RemoteCache, type RemoteCacheOptions } from '@daggerml/remotes';
import type { ByteSource } from '../objects/closure.ts';
import { packObjects } from '../worker/packed-objects.ts';
import type { PresentObjects, Publication, SharedCache, SharedOutcome } from './shared-cache.ts';

/** Options of the shared cache of a remote. */
export interface RemoteSharedCacheOptions extends RemoteCacheOptions {
  /** False for a cache that is only read; true by default. */
  readonly isWritable?: boolean | undefined;
  /** Name under which outcomes say where they come from; the place of the remote by default. */
  readonly name?: string | undefined;
}

/** The shared cache of a remote. */
export class RemoteSharedCache implements SharedCache {
  readonly #cache: RemoteCache;
  readonly #isWritable: boolean;
  readonly #name: string;

  constructor(remote: Remote, { isWritable = true, name, ...options }: RemoteSharedCacheOptions = {}) {
    this.#cache = new RemoteCache(remote, options);
    this.#name = name ?? this.#cache.name;
    this.#isWritable = isWritable;
  }

  async *lookUp(
    keys: readonly ExecutionKey[],
    present?: PresentObjects,
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, SharedOutcome>, void, undefined> {
    const isHere: IsHere | undefined = present && ((link) => present.hasBytes(link.class, link.id));
    for await (const part of this.#cache.lookUp(keys, isHere)) {
      const answers = new Map<ExecutionKey, SharedOutcome>();
      for (const [key, { execId, objects }] of part) {
        const packed = packObjects(
          objects.map((object) => ({ objectClass: object.class, objectId: object.id, bytes: object.bytes })),
        );
        answers.set(key, { execId, objects: packed, origin: this.#name });
      }
      yield answers;
    }
  }

  async publish(publications: readonly Publication[], source: ByteSource): Promise<void> {
    if (this.#isWritable) await this.#cache.publish(publications, source);
  }

  flush(): void {
    this.#cache.flush();
  }

  /** Throws `remote_purpose` for a remote to which nothing internal may be written. */
  assertInternal(): Promise<void> {
    return this.#cache.assertInternal();
  }

  /** Checks whether there may be an outcome of a key, as the cache is now where `isFresh`. */
  mayHave(key: ExecutionKey, isFresh: boolean): Promise<boolean> {
    return this.#cache.mayHave(key, isFresh);
  }
}
