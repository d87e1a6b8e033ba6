import type { ExecutionKey } from '@daggerml/object-model';
import type { ByteSource } from '../objects/closure.ts';
import type { PresentObjects, Publication, SharedCache, SharedOutcome } from './shared-cache.ts';

/**
 * Shared caches that are asked one after the other, each for what those before did not have. Those that are only read
 * take no publications by themselves.
 *
 * @spec DML-REM-1225
 */
export class TieredCache implements SharedCache {
  readonly #tiers: readonly SharedCache[];

  constructor(tiers: readonly SharedCache[]) {
    this.#tiers = tiers;
  }

  async *lookUp(
    keys: readonly ExecutionKey[],
    present?: PresentObjects,
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, SharedOutcome>, void, undefined> {
    const open = new Set(keys);
    for (const tier of this.#tiers) {
      if (open.size === 0) return;
      for await (const part of tier.lookUp([...open], present)) {
        yield part;
        for (const key of part.keys()) open.delete(key);
      }
    }
  }

  async publish(publications: readonly Publication[], source: ByteSource): Promise<void> {
    await Promise.all(this.#tiers.map((tier) => tier.publish(publications, source)));
  }

  flush(): void {
    for (const tier of this.#tiers) tier.flush?.();
  }
}
