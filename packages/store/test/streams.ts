import {
  type BlobStore,
  type ChunkId,
  type CommitId,
  type DagId,
  type DatumId,
  DmlError,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { headRef, type RefName } from '../src/refs/ref-name.ts';
import type { Store } from '../src/store.ts';
import { encodeHeader, encodeSection, encodeVarint } from '../src/transfer/car-frame.ts';
import { readCar } from '../src/transfer/car-reader.ts';
import { exportCar } from '../src/transfer/export.ts';
import { type ImportOptions, type ImportResult, importCar } from '../src/transfer/import.ts';
import type { WriteTransaction } from '../src/write-transaction.ts';
import { openFixture, setRef } from './fixture-store.ts';
import { type CommitParts, pagesOf, putCommit, putLiteral, putRecord, putTextDag } from './records.ts';

export const MAIN: RefName = headRef('main');
export const BY = { actor: 'ada', reason: 'import' } as const;

/** Puts a commit, with a dag of a text where one is given, and moves a ref there. */
export function commitTo(
  store: Store,
  parts: CommitParts & { text?: string },
  ref: RefName = MAIN,
): CommitId {
  const commitId = store.transact('commit', (transaction) => {
    const dags = parts.text === undefined ? {} : { text: putTextDag(transaction, parts.text) };
    return putCommit(transaction, { ...parts, dags: { ...dags, ...parts.dags } });
  });
  setRef(store, ref, commitId);
  return commitId;
}

/** Creates a store with two commits, a blob of several chunks and text. */
export async function sourceStore(): Promise<{ store: Store; commitId: CommitId }> {
  const store = await openFixture();
  const blobDag = store.transact('blob', (transaction): DagId => {
    const content = Buffer.alloc(400_000);
    for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    const blobId: DatumId = putRecord(transaction, writeBlob(content, pagesOf(transaction)));
    const rootNodeId = putLiteral(transaction, blobId);
    return putRecord(transaction, { type: 'dag', rootNodeId, names: [] });
  });
  const first = commitTo(store, { text: 'one' });
  const commitId = commitTo(store, { text: 'two', parents: [first], dags: { blob: blobDag } });
  store.transact('garbage', (transaction) => void putTextDag(transaction, 'not exported'));
  return { store, commitId };
}

/** Exports refs into one buffer. */
export async function exported(store: Store, refs: readonly RefName[] = [MAIN]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const wanted = refs.map((ref) => {
    const { commitId, sequence } = store.getRef(ref)!;
    return { ref, commitId, sequence };
  });
  for await (const piece of exportCar(store, wanted)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Imports one buffer. */
export function imported(
  store: Store,
  bytes: Buffer,
  options: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  return importCar(store, [bytes], { ...BY, ...options });
}

/** Reads a stream apart. */
export async function sectionsOf(
  bytes: Buffer,
): Promise<{ roots: string[]; ids: string[]; blocks: Buffer[] }> {
  const { roots, sections } = await readCar([bytes]);
  const ids: string[] = [];
  const blocks: Buffer[] = [];
  for await (const section of sections) {
    ids.push(section.link.id);
    blocks.push(section.bytes);
  }
  return { roots: roots.map((root) => root.id), ids, blocks };
}

/** Builds a stream from records, the first ones its roots. */
export function streamOf(
  roots: number,
  blocks: readonly { codec: 0x71 | 0x55; bytes: Uint8Array }[],
): Buffer {
  const linked = blocks.map(({ codec, bytes }) => ({ link: { codec, id: hashBytes(bytes) }, bytes }));
  const header = encodeHeader(linked.slice(0, roots).map((block) => block.link));
  return Buffer.concat([
    encodeVarint(header.length),
    header,
    ...linked.map((block) => encodeSection(block.link, block.bytes)),
  ]);
}

/** Returns code and detail of what an import fails with. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) =>
      error instanceof DmlError ? `${error.code}/${error.detail}` : `not a DmlError: ${error}`,
  );
}

/** Builds the stream of one branch over these objects, chunks given as such. */
export function streamTo(
  commitId: CommitId,
  objects: readonly Uint8Array[],
  chunks: readonly Uint8Array[] = [],
): Buffer {
  const ref = encodeRecord({ type: 'ref', name: MAIN, commitId, sequence: 1 });
  return streamOf(1, [
    ...[ref, ...objects].map((bytes) => ({ codec: 0x71, bytes }) as const),
    ...chunks.map((bytes) => ({ codec: 0x55, bytes }) as const),
  ]);
}

/** Objects that are put here are for a stream. */
export class StreamObjects {
  readonly records: Uint8Array[] = [];
  readonly chunks: Uint8Array[] = [];

  put(objectClass: string, bytes: Uint8Array): string {
    (objectClass === 'chunk' ? this.chunks : this.records).push(bytes);
    return hashBytes(bytes);
  }

  /** Pages and chunks that are put here. */
  get pages(): BlobStore {
    return {
      getPage: (pageId) => this.records.find((bytes) => hashBytes(bytes) === pageId),
      putPage: (bytes) => this.put('page', bytes) as PageId,
      putChunk: (bytes) => this.put('chunk', bytes) as ChunkId,
    };
  }

  /** Puts all that is here. */
  putInto(transaction: WriteTransaction): void {
    for (const bytes of this.records) transaction.put(decodeRecord(bytes).type as ObjectClass, bytes);
    for (const bytes of this.chunks) transaction.put('chunk', bytes);
  }

  /** Returns the stream of a branch at a commit over all that is here. */
  streamTo(commitId: CommitId): Buffer {
    return streamTo(commitId, this.records, this.chunks);
  }
}
