import type { ExecutionKey } from '@daggerml/object-model';
import type { CacheIndex } from '../format/cache-index.ts';
import { KEY_BYTES } from '../format/cache-row.ts';
import { sortRows } from '../format/sort-rows.ts';
import type { GroupIndexes } from './group-indexes.ts';

/** More bytes than a segment has: places of one segment lie between two multiples of it. */
const SEGMENT_SPAN = 2 ** 32;
/** Number of a segment that no group has. */
const NOWHERE = 2 ** 20;

/**
 * Keys of whole cache indexes in the order in which their outcomes lie, so that what is read for many of them lies
 * together. A key that several indexes have comes once, where the newest one of them says. Keeps 44 bytes for each row.
 */
export class KeysByPlace {
  /** Number of keys. */
  readonly count: number;
  readonly #keys: Buffer;
  /** Numbers of the keys in order. */
  readonly #order: Uint32Array;

  constructor(indexes: readonly CacheIndex[], groups: Pick<GroupIndexes, 'segmentNumber'>) {
    const total = indexes.reduce((sum, { count }) => sum + count, 0);
    this.#keys = Buffer.allocUnsafeSlow(total * KEY_BYTES);
    const places = new Float64Array(total);
    let number = 0;
    for (const index of indexes) {
      const numbers = index.segments.map((name) => Math.min(NOWHERE, groups.segmentNumber(name)));
      for (let row = 0; row < index.count; row += 1, number += 1) {
        const { segment, offset } = index.placeOf(row);
        places[number] = (numbers[segment] as number) * SEGMENT_SPAN + offset;
        const { bytes, at } = index.packedRow(row);
        bytes.copy(this.#keys, number * KEY_BYTES, at, at + KEY_BYTES);
      }
    }
    const kept = this.#newestOfEach(total);
    this.#order = kept.sort((left, right) => (places[left] as number) - (places[right] as number));
    this.count = this.#order.length;
  }

  /** Returns the numbers of the rows without those whose key a later row has. */
  #newestOfEach(count: number): Uint32Array {
    const byKey = sortRows({ bytes: this.#keys, count, rowBytes: KEY_BYTES, keyBytes: KEY_BYTES });
    const isSameKey = (left: number, right: number): boolean => {
      const [from, to] = [left * KEY_BYTES, right * KEY_BYTES];
      return this.#keys.compare(this.#keys, to, to + KEY_BYTES, from, from + KEY_BYTES) === 0;
    };
    const isNewest = (row: number, at: number): boolean =>
      at + 1 === count || !isSameKey(row, byKey[at + 1] as number);
    return Uint32Array.from(byKey.filter(isNewest));
  }

  /** Returns some of the keys in order. */
  slice(from: number, to: number): ExecutionKey[] {
    return Array.from(
      this.#order.subarray(from, to),
      (row) => this.#keys.toString('hex', row * KEY_BYTES, (row + 1) * KEY_BYTES) as ExecutionKey,
    );
  }
}
