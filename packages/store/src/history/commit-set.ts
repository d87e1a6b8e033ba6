import type { CommitId } from '@daggerml/object-model';
import { OBJECT_KEY_BYTES, writeObjectKey } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import type { CommitGraph } from './commit-graph.ts';

/** A packed set of commits: about 50 bytes for each. */
export class CommitSet {
  readonly #keys: ObjectKeySet = new ObjectKeySet();
  readonly #key: Buffer = Buffer.alloc(OBJECT_KEY_BYTES);

  get size(): number {
    return this.#keys.size;
  }

  add(commitId: CommitId): boolean {
    writeObjectKey(this.#key, 0, 'commit', commitId);
    return this.#keys.add(this.#key);
  }

  has(commitId: CommitId): boolean {
    return this.ordinalOf(commitId) !== undefined;
  }

  ordinalOf(commitId: CommitId): number | undefined {
    writeObjectKey(this.#key, 0, 'commit', commitId);
    return this.#keys.ordinalOf(this.#key);
  }
}

/** Returns the given commits and all their ancestors as a packed set. */
export function ancestorSet(graph: CommitGraph, tips: readonly CommitId[]): CommitSet {
  const seen = new CommitSet();
  const waiting = tips.filter((tip) => seen.add(tip));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const parent of graph.readCommit(next).parentCommitIds) if (seen.add(parent)) waiting.push(parent);
  return seen;
}
