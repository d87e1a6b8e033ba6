import {
  decodeRecord,
  isDmlError,
  type NodeId,
  type ObjectClass,
  scanLinks,
  treeEntries,
} from '@daggerml/object-model';
import type { PinScope } from '../nodes/pin-scope.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { IdNumbers } from './id-numbers.ts';

type ObjectKey = readonly [objectClass: ObjectClass, id: string];

/**
 * Finds everything that objects are made of, each object once over all walks. Chunks are not read: blobs name their
 * sizes.
 */
export class ObjectWalk {
  readonly #reader: RecordReader;
  readonly #seen = new IdNumbers();
  readonly #open: ObjectKey[] = [];

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /**
   * Calls back with each object that was not met before, and returns the bytes of these; a node leads to what `scope`
   * pins for it. What is absent or excised counts nothing.
   */
  from(
    starts: Iterable<ObjectKey>,
    {
      scope,
      visit,
    }: { readonly scope?: PinScope; readonly visit?: (id: string, sizeBytes: number) => void } = {},
  ): number {
    let totalBytes = 0;
    const take = (id: string, sizeBytes: number): void => {
      totalBytes += sizeBytes;
      visit?.(id, sizeBytes);
    };
    for (const [objectClass, id] of starts) this.#push(objectClass, id);
    for (let next = this.#open.pop(); next; next = this.#open.pop()) {
      const [objectClass, id] = next;
      const bytes = this.#bytesOf(objectClass, id);
      if (bytes === undefined) continue;
      take(id, bytes.length);
      this.#pushLinks(bytes);
      const execId = objectClass === 'node' ? scope?.getPin(id as NodeId) : undefined;
      if (execId !== undefined) this.#push('exec', execId);
      if (objectClass === 'datum') this.#takeChunks(bytes, take);
    }
    return totalBytes;
  }

  #bytesOf(objectClass: ObjectClass, id: string): Uint8Array | undefined {
    try {
      return this.#reader.store.get(objectClass, id as never);
    } catch (error) {
      if (isDmlError(error) && error.detail === 'excised') return undefined;
      throw error;
    }
  }

  #push(objectClass: ObjectClass, id: string): void {
    if (this.#seen.get(id) !== undefined) return;
    this.#seen.set(id, 0);
    this.#open.push([objectClass, id]);
  }

  #pushLinks(bytes: Uint8Array): void {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    scanLinks(bytes, (objectClass, at) => {
      if (objectClass !== 'chunk') this.#push(objectClass, view.toString('hex', at, at + 32));
    });
  }

  #takeChunks(bytes: Uint8Array, take: (id: string, sizeBytes: number) => void): void {
    const datum = decodeRecord(bytes, 'datum');
    if (datum.kind !== 'blob') return;
    for (const [chunkId, sizeBytes] of treeEntries('chunks', datum.root, this.#reader)) {
      if (this.#seen.get(chunkId) !== undefined) continue;
      this.#seen.set(chunkId, 0);
      take(chunkId, sizeBytes);
    }
  }
}
