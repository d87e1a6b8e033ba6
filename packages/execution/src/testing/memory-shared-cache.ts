import type { ExecutionKey } from '@daggerml/object-model';
import type { Publication, SharedCache, SharedOutcome } from '../cache/shared-cache.ts';
import { type ByteSource, outcomeClosure } from '../objects/closure.ts';
import { packObjects, type UnpackedObject } from '../worker/packed-objects.ts';

interface Entry {
  readonly publication: Publication;
  objects: readonly UnpackedObject[];
}

/** A shared cache in memory, which any number of runs and stores may use. */
export class MemorySharedCache implements SharedCache {
  /** Keys of each look-up, in order. */
  readonly asked: (readonly ExecutionKey[])[] = [];
  /** Publications in order, those that were refused included. */
  readonly published: Publication[] = [];
  /** Changes the objects of every answer. */
  tamper: ((objects: readonly UnpackedObject[]) => readonly UnpackedObject[]) | undefined;
  /** Makes every question fail with this reason. */
  failure: string | undefined;
  readonly #entries = new Map<ExecutionKey, Entry>();

  async *lookUp(
    keys: readonly ExecutionKey[],
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, SharedOutcome>, void, undefined> {
    this.asked.push(keys);
    this.#assertReachable();
    const found = new Map<ExecutionKey, SharedOutcome>();
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (!entry) continue;
      const objects = packObjects(this.tamper?.(entry.objects) ?? entry.objects);
      found.set(key, { execId: entry.publication.execId, objects });
    }
    yield found;
  }

  async publish(publications: readonly Publication[], source: ByteSource): Promise<void> {
    this.published.push(...publications);
    this.#assertReachable();
    for (const publication of publications) {
      const { executionKey, execId, status } = publication;
      const known = this.#entries.get(executionKey)?.publication;
      const isOutdated = (known?.fencing ?? 0) > (publication.fencing ?? Number.POSITIVE_INFINITY);
      if (isOutdated || (known?.status === 'ok' && status === 'error')) continue;
      this.#entries.set(executionKey, { publication, objects: outcomeClosure(execId, source) });
    }
  }

  /** Makes the outcome of a key the answer about another one. */
  forge(from: ExecutionKey, to: ExecutionKey): void {
    this.#entries.set(to, this.#entries.get(from) as Entry);
  }

  #assertReachable(): void {
    if (this.failure !== undefined) throw new Error(this.failure);
  }
}
