import type { CommitId } from '@daggerml/object-model';
import { CLASS_BYTES, OBJECT_KEY_BYTES, objectKey } from '../tables/keyspace.ts';
import { LinkScan } from '../walk/link-scan.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import type { Reached } from './completeness.ts';
import { mayContradict, mayStandInline } from './soundness.ts';

/**
 * Objects that a stream brings, with what a walk over them would find: whoever takes all that some commits reach has seen
 * it by then, and need not read it once more. About 50 bytes for each, and as much for one that is linked before it comes.
 */
export class ReceivedObjects {
  readonly #keys: ObjectKeySet = new ObjectKeySet();
  /** Objects that were linked before they came. */
  readonly #awaited: ObjectKeySet = new ObjectKeySet();
  readonly #checked: number[] = [];
  readonly #short: number[] = [];
  readonly #scan: LinkScan = new LinkScan();

  /** Adds an object whose bytes are valid and those of its id. */
  add(key: Uint8Array, bytes: Uint8Array): void {
    const ordinal = this.#keys.size;
    if (!this.#keys.add(key) || key[0] === CLASS_BYTES.chunk) return;
    const scan = this.#scan;
    scan.scan(bytes);
    for (let at = 0; at < scan.linkCount * OBJECT_KEY_BYTES; at += OBJECT_KEY_BYTES)
      if (!this.#keys.has(scan.links, at)) this.#awaited.add(scan.links, at);
    if (mayContradict(key, scan)) this.#checked.push(ordinal);
    if (mayStandInline(scan, bytes.length)) this.#short.push(ordinal);
  }

  /** Returns all objects as what commits reach; undefined unless the commits and all that is linked are among them. */
  whole(commitIds: readonly CommitId[]): Reached | undefined {
    for (const commitId of commitIds)
      if (!this.#keys.has(objectKey('commit', commitId) as Buffer)) return undefined;
    for (let ordinal = 0; ordinal < this.#awaited.size; ordinal += 1)
      if (!this.#keys.has(this.#awaited.keyAt(ordinal))) return undefined;
    return {
      keys: this.#keys,
      checked: this.#checked,
      knownCount: 0,
      short: this.#short,
      filled: [],
      wanted: [],
      excised: [],
    };
  }
}
