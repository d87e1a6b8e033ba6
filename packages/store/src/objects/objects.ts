import {
  type DmlError,
  decodeRecord,
  hashBytes,
  isIdText,
  type ObjectClass,
  type ObjectId,
  objectModelError,
  type Records,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { peekRow, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { describeKey, OBJECT_KEY_BYTES, parseObjectKey, writeObjectKey } from '../tables/keyspace.ts';
import { isTombstone, tombstoneError } from './tombstone.ts';

/** Every class whose objects are records; chunks are raw bytes. */
export type RecordClass = Exclude<ObjectClass, 'chunk'>;

/** Reads are synchronous, so one key buffer serves them all. */
const key: Buffer = Buffer.allocUnsafeSlow(OBJECT_KEY_BYTES);

/** Returns the row's bytes in a buffer the next read reuses, checked; undefined when absent. */
function peekObject(engine: Engine, objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
  if (typeof id !== 'string' || id.length !== 64) return undefined;
  writeObjectKey(key, 0, objectClass, id);
  let bytes = peekRow(engine, 'objects', key);
  if (bytes === undefined && engine.writing === undefined) {
    // The snapshot may be older than a commit that has been acknowledged since.
    // @spec DML-STO-0141
    refreshSnapshot(engine);
    bytes = peekRow(engine, 'objects', key);
  }
  // @spec DML-STO-0205
  if (bytes === undefined) return undefined;
  // @spec DML-STO-0202
  if (hashBytes(bytes) === id) return bytes;
  if (!isIdText(id)) return undefined;
  throw wrongBytes(Buffer.from(bytes), objectClass, id);
}

function wrongBytes(bytes: Buffer, objectClass: ObjectClass, id: ObjectId): DmlError {
  // @spec DML-STO-0204
  if (isTombstone(key, bytes)) return tombstoneError(key, bytes);
  // @spec DML-STO-0203
  return storeError('store_damaged', {
    table: 'objects',
    detail: 'hash_mismatch',
    class: objectClass,
    objectId: id,
  });
}

/**
 * Reads an object's bytes, copied and checked against its id.
 * Undefined when absent; throws the object model's `excised` error for a tombstone and `store_damaged` for
 * bytes that do not hash to the id.
 */
export function readObject(engine: Engine, objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
  const bytes = peekObject(engine, objectClass, id);
  // @spec DML-STO-0210
  return bytes && Buffer.from(bytes);
}

/**
 * Throws what is wrong with an object whose links cannot be read: `store_damaged` for bytes that are not the object's,
 * the object model's errors for bytes that are no record or of a newer format.
 */
export function assertReadable(engine: Engine, key: Uint8Array): void {
  const object = parseObjectKey(key);
  if (object === undefined) throw objectModelError('newer_type', { fields: describeKey(key) });
  const bytes = readObject(engine, object.class, object.id);
  if (bytes !== undefined && object.class !== 'chunk') decodeRecord(bytes, object.class);
}

/** Reads and decodes a record without an intermediate copy; throws as `readObject` and `decodeRecord` do. */
export function readRecord<Class extends RecordClass>(
  engine: Engine,
  recordClass: Class,
  id: ObjectId,
): Records[Class] | undefined {
  const bytes = peekObject(engine, recordClass, id);
  return bytes && decodeRecord(bytes, recordClass);
}
