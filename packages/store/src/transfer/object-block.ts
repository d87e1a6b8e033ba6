import {
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  objectClassOf,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { readStub, stubRecord } from '../objects/stubs.ts';
import { decodeTombstone, isTombstone } from '../objects/tombstone.ts';
import { parseObjectKey } from '../tables/keyspace.ts';
import type { RowReader } from '../walk/row-reader.ts';
import { type CarLink, DAG_CBOR, RAW } from './car-frame.ts';

/** One section of a stream that is sent. */
export interface Block {
  readonly link: CarLink;
  readonly bytes: Uint8Array;
}

/** The section that stands for an object: its bytes, or its tombstone or stub, which are no object of a class. */
export interface ObjectBlock extends Block {
  readonly class: ObjectClass | undefined;
}

/**
 * Returns the block that stands for an object; throws `object_missing` for one that is absent without a reason. `rows`
 * may have just looked at it.
 */
export function objectBlock(engine: Engine, key: Uint8Array, rows?: RowReader): ObjectBlock {
  const looked = rows?.recordUnder(key);
  if (looked !== undefined) {
    const objectClass = objectClassOf(key[0] as number) as ObjectClass;
    return { class: objectClass, link: { codec: DAG_CBOR, id: looked.id }, bytes: Buffer.from(looked.bytes) };
  }
  const object = parseObjectKey(key) as { class: ObjectClass; id: ObjectId };
  const name = { class: object.class, objectId: object.id };
  const bytes = readRow(engine, 'objects', key);
  if (bytes === undefined) return stubBlock(engine, object.class, object.id);
  const codec = object.class === 'chunk' ? RAW : DAG_CBOR;
  if (hashBytes(bytes) === object.id) return { class: object.class, link: { codec, id: object.id }, bytes };
  if (!isTombstone(key, bytes))
    throw storeError('store_damaged', { table: 'objects', detail: 'hash_mismatch', ...name });
  const { class: objectClass, ...facts } = decodeTombstone(key, bytes);
  // @spec DML-STO-1004
  return recordBlock(encodeRecord({ type: 'tombstone', objectClass, ...facts }));
}

/** Returns the block that stands for a withheld object; throws `object_missing` for any other that is absent. */
function stubBlock(engine: Engine, objectClass: ObjectClass, id: ObjectId): ObjectBlock {
  const stub = readStub(engine, objectClass, id);
  if (stub === undefined) throw storeError('object_missing', { class: objectClass, objectId: id });
  // @spec DML-STO-1034
  return recordBlock(stubRecord(stub));
}

/** Returns the block of a record that is no object. */
export function recordBlock(bytes: Uint8Array): ObjectBlock {
  return { class: undefined, link: { codec: DAG_CBOR, id: hashBytes(bytes) }, bytes };
}
