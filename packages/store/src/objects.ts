import { type DmlError, hashBytes, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import type { Engine } from './engine/engine.ts';
import { readRow, refreshSnapshot } from './engine/reading.ts';
import { storeError } from './errors.ts';
import { objectKey } from './keyspace.ts';
import { isTombstone, tombstoneError } from './tombstone.ts';

/**
 * Reads an object's bytes, copied and checked against its id.
 * Undefined when absent; throws the object model's `excised` error for a tombstone and `store_damaged` for
 * bytes that do not hash to the id.
 */
export function readObject(engine: Engine, objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
  const key = objectKey(objectClass, id);
  if (key === undefined) return undefined;
  let bytes = readRow(engine, 'objects', key);
  if (bytes === undefined && engine.writing === undefined) {
    refreshSnapshot(engine);
    bytes = readRow(engine, 'objects', key);
  }
  if (bytes === undefined) return undefined;
  if (hashBytes(bytes) === id) return bytes;
  throw wrongBytes(key, bytes, objectClass, id);
}

function wrongBytes(key: Buffer, bytes: Buffer, objectClass: ObjectClass, id: ObjectId): DmlError {
  if (isTombstone(key, bytes)) return tombstoneError(objectClass, id);
  return storeError('store_damaged', { table: 'objects', detail: 'hash_mismatch', class: objectClass, objectId: id });
}
