import {
  type CommitId,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRow, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { readStub, stubRecord } from '../objects/stubs.ts';
import { decodeTombstone, isTombstone } from '../objects/tombstone.ts';
import { type RefName, refKey } from '../refs/ref-name.ts';
import { objectKey, parseObjectKey } from '../tables/keyspace.ts';
import type { Transactor } from '../write-transaction.ts';
import { type CarLink, encodeHeader, encodeSection, encodeVarint } from './car-frame.ts';
import { inLinkOrder } from './link-order.ts';

/** A store as far as it is exported. */
export interface ExportHost extends Transactor {
  readonly engine: Engine;
  readonly isReadOnly: boolean;
}

/** A commit to export, and the ref name it travels under. */
export interface ExportedRef {
  readonly ref: RefName;
  readonly commitId: CommitId;
  /** Journal sequence that moved the ref there; 0 for a commit no ref names. */
  readonly sequence?: number;
}

/** Bytes a piece of the stream holds at least, except the last. */
const PIECE_BYTES = 65_536;

const DAG_CBOR = 0x71;
const RAW = 0x55;

interface Block {
  readonly link: CarLink;
  readonly bytes: Uint8Array;
}

function refBlock({ ref, commitId, sequence }: ExportedRef): Block {
  // @spec DML-STO-1040
  const name = `refs/${refKey(ref).toString('utf8')}`;
  const bytes = encodeRecord({ type: 'ref', name, commitId, sequence: sequence ?? 0 });
  return { link: { codec: DAG_CBOR, id: hashBytes(bytes) }, bytes };
}

/** Returns the block that stands for an object. */
function objectBlock(engine: Engine, key: Uint8Array): Block {
  const object = parseObjectKey(key) as { class: ObjectClass; id: ObjectId };
  const name = { class: object.class, objectId: object.id };
  const bytes = readRow(engine, 'objects', key);
  if (bytes === undefined) return stubBlock(engine, object.class, object.id);
  const codec = object.class === 'chunk' ? RAW : DAG_CBOR;
  if (hashBytes(bytes) === object.id) return { link: { codec, id: object.id }, bytes };
  if (!isTombstone(key, bytes))
    throw storeError('store_damaged', { table: 'objects', detail: 'hash_mismatch', ...name });
  const { class: objectClass, ...facts } = decodeTombstone(key, bytes);
  // @spec DML-STO-1004
  const tombstone = encodeRecord({ type: 'tombstone', objectClass, ...facts });
  return { link: { codec: DAG_CBOR, id: hashBytes(tombstone) }, bytes: tombstone };
}

/** Returns the block that stands for a withheld object; throws `object_missing` for any other that is absent. */
function stubBlock(engine: Engine, objectClass: ObjectClass, id: ObjectId): Block {
  const stub = readStub(engine, objectClass, id);
  if (stub === undefined) throw storeError('object_missing', { class: objectClass, objectId: id });
  // @spec DML-STO-1034
  const bytes = stubRecord(stub);
  return { link: { codec: DAG_CBOR, id: hashBytes(bytes) }, bytes };
}

/**
 * Yields a CARv1 stream of commits and everything they reach, in pieces of some 64 KiB.
 *
 * An object follows after everything it links to, so that a cut stream leaves nothing incomplete behind where it is
 * imported. Reads as the consumer takes, and holds some 60 bytes for each object seen. On a store opened for writing
 * the commits are retained first, so that refs may move and collections run during the export; on one opened for
 * reading an object that vanishes ends the stream with `object_missing`.
 */
export async function* exportCar(
  host: ExportHost,
  refs: readonly ExportedRef[],
): AsyncGenerator<Buffer, void, undefined> {
  const { engine } = host;
  // @spec DML-STO-1006
  if (!host.isReadOnly) retainAll(host, refs);
  const blocks = refs.map(refBlock);
  // @spec DML-STO-1002
  const header = encodeHeader(blocks.map((block) => block.link));
  // @spec DML-STO-1001
  let pieces: Buffer[] = [encodeVarint(header.length), header];
  let size = header.length;
  for (const block of walkBlocks(engine, blocks, refs)) {
    const section = encodeSection(block.link, block.bytes);
    pieces.push(section);
    size += section.length;
    // @spec DML-STO-1005
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(pieces);
    refreshSnapshot(engine);
    pieces = [];
    size = 0;
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

function retainAll(host: ExportHost, refs: readonly ExportedRef[]): void {
  host.transact('export/retain', (transaction) => {
    for (const { commitId } of refs)
      if (!transaction.retain('commit', commitId))
        throw storeError('object_missing', { class: 'commit', objectId: commitId });
  });
}

/** Yields the ref records, then every object the commits reach, once each. */
function* walkBlocks(
  engine: Engine,
  refBlocks: readonly Block[],
  refs: readonly ExportedRef[],
): Generator<Block, void, undefined> {
  yield* refBlocks;
  const roots = refs.map(({ commitId }) => objectKey('commit', commitId) as Buffer);
  // @spec DML-STO-1003
  for (const key of inLinkOrder(engine, roots)) yield objectBlock(engine, key);
}
