import {
  type DmlError,
  decodeRecord,
  encodeRecord,
  type ObjectClass,
  type ObjectId,
  objectModelError,
  RECORD_TYPE_NUMBERS,
} from '@daggerml/object-model';
import { decodeRow, encodeJsonRow, encodeRow } from '../tables/checksummed-row.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** The reason for the removal of an object's bytes, and its author. */
export interface TombstoneFacts {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly timeMs: number;
}

/** Returns the row that takes the place of an excised object's bytes. */
export function encodeTombstone(key: Uint8Array, facts: TombstoneFacts): Buffer {
  const { class: objectClass, ...rest } = facts;
  return encodeRow('objects', key, encodeRecord({ type: 'tombstone', objectClass, ...rest }));
}

/** Puts a tombstone in the place of an object or of its stub, and lists it. */
export function putTombstone(transaction: WriteTransaction, facts: TombstoneFacts): void {
  const { class: objectClass, objectId, timeMs } = facts;
  const key = objectKey(objectClass, objectId) as Buffer;
  // @spec DML-STO-0844
  transaction.deleteRow('stubs', key);
  // @spec DML-STO-0801
  transaction.putRow('objects', key, encodeTombstone(key, facts));
  // @spec DML-STO-0802
  transaction.putRow('excised', key, encodeJsonRow('excised', key, { class: objectClass, objectId, timeMs }));
}

/** Reads a tombstone's facts; throws `store_damaged` when the row is not one. */
export function decodeTombstone(key: Uint8Array, row: Uint8Array): TombstoneFacts {
  const record = decodeRecord(decodeRow('objects', key, row), 'tombstone');
  const { objectId, reason, message, actor, timeMs } = record;
  return { class: record.objectClass, objectId: objectId as ObjectId, reason, message, actor, timeMs };
}

/** Place of the type's number in a record. */
const TYPE_AT = 2;

/** Checks whether the row under an object's key is a whole tombstone. */
export function isTombstone(key: Uint8Array, row: Uint8Array): boolean {
  // To make and discard an error for each row that is none would cost more than all the rest.
  if (row[TYPE_AT] !== RECORD_TYPE_NUMBERS.tombstone) return false;
  try {
    decodeTombstone(key, row);
    return true;
  } catch {
    return false;
  }
}

/** Returns the error that reading an excised object raises; its fields say what was excised, why and by whom. */
export function tombstoneError(key: Uint8Array, row: Uint8Array): DmlError {
  const { class: objectClass, objectId, reason, message, actor, timeMs } = decodeTombstone(key, row);
  const fields = { class: objectClass, objectId, reason, message, actor, timeMs };
  return objectModelError('excised', { recordType: 'tombstone', fields });
}
