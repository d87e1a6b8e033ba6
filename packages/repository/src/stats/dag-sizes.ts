import {
  type CommitId,
  decodeRecord,
  isDmlError,
  type NodeId,
  type ObjectClass,
  scanLinks,
  treeEntries,
} from '@daggerml/object-model';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { dagsOf } from '../views/commit-view.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { IdNumbers } from './id-numbers.ts';

/** Bytes of all objects that a dag and the outcomes of its calls are made of. */
export interface DagSize {
  readonly dag: string;
  /** Bytes of objects that no other dag of the commit has. */
  readonly ownBytes: number;
  readonly sharedBytes: number;
}

/** Object of several dags, in the place of the number of its dag. */
const SHARED = -1;

/**
 * Measures the dags of a commit, as their objects are stored; an object that is absent counts nothing. Reads each object
 * once for each dag that has it, but for chunks, and keeps some 100 bytes for each.
 *
 * @spec DML-REP-0412
 */
export function dagSizes(reader: RecordReader, commitId: CommitId): readonly DagSize[] {
  const commit = reader.read('commit', commitId);
  const scope = treeScope(commit.pins, reader);
  const dags = dagsOf(reader, commit);
  const owners = new IdNumbers();
  const sizes = new IdNumbers();
  const totals = dags.map(({ dagId }, dag) => {
    const walk = new Walk(reader, scope);
    return walk.from(dagId, (id, sizeBytes) => {
      const owner = owners.get(id);
      owners.set(id, owner === undefined ? dag : SHARED);
      sizes.set(id, sizeBytes);
    });
  });
  const own = dags.map(() => 0);
  owners.forEachWith(sizes, (dag, sizeBytes) => {
    if (dag !== SHARED) own[dag] = (own[dag] as number) + sizeBytes;
  });
  return dags.map(({ name }, dag) => ({
    dag: name,
    ownBytes: own[dag] as number,
    sharedBytes: (totals[dag] as number) - (own[dag] as number),
  }));
}

/** Finds everything that a dag and the outcomes of its nodes are made of. */
class Walk {
  readonly #reader: RecordReader;
  readonly #scope: PinScope;
  readonly #seen = new IdNumbers();
  readonly #open: (readonly [objectClass: ObjectClass, id: string])[] = [];

  constructor(reader: RecordReader, scope: PinScope) {
    this.#reader = reader;
    this.#scope = scope;
  }

  /** Calls back with each object once, and returns the bytes of all. */
  from(dagId: string, visit: (id: string, sizeBytes: number) => void): number {
    let totalBytes = 0;
    const take = (id: string, sizeBytes: number): void => {
      totalBytes += sizeBytes;
      visit(id, sizeBytes);
    };
    this.#push('dag', dagId);
    for (let next = this.#open.pop(); next; next = this.#open.pop()) {
      const [objectClass, id] = next;
      const bytes = this.#bytesOf(objectClass, id);
      if (bytes === undefined) continue;
      take(id, bytes.length);
      this.#pushLinks(bytes);
      if (objectClass === 'node') this.#pushPin(id as NodeId);
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

  #pushPin(nodeId: NodeId): void {
    const execId = this.#scope.getPin(nodeId);
    if (execId !== undefined) this.#push('exec', execId);
  }

  /** Takes the chunks of a blob by the sizes that the blob names, without reading them. */
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
