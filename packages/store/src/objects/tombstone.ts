import {
  DmlError,
  decodeRecord,
  encodeRecord,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import { decodeRow, encodeRow } from '../tables/checksummed-row.ts';

/** Why and by whom an object's bytes were removed. */
export interface TombstoneFacts {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly timeMs: number;
}

/** Yields the row that takes the place of an excised object's bytes. */
export function encodeTombstone(key: Uint8Array, facts: TombstoneFacts): Buffer {
  const { class: objectClass, ...rest } = facts;
  return encodeRow('objects', key, encodeRecord({ type: 'tombstone', objectClass, ...rest }));
}

/** Reads a tombstone's facts; throws `store_damaged` when the row is not one. */
export function decodeTombstone(key: Uint8Array, row: Uint8Array): TombstoneFacts {
  const record = decodeRecord(decodeRow('objects', key, row), 'tombstone');
  const { objectId, reason, message, actor, timeMs } = record;
  return { class: record.objectClass, objectId: objectId as ObjectId, reason, message, actor, timeMs };
}

/** Tells whether the row under an object's key is a whole tombstone. */
export function isTombstone(key: Uint8Array, row: Uint8Array): boolean {
  try {
    decodeTombstone(key, row);
    return true;
  } catch {
    return false;
  }
}

/** Yields the error that reading an excised object raises; its fields say what was excised, why and by whom. */
export function tombstoneError(key: Uint8Array, row: Uint8Array): DmlError {
  const { class: objectClass, objectId, reason, message, actor, timeMs } = decodeTombstone(key, row);
  return new DmlError({
    code: 'invalid_payload',
    recordType: 'tombstone',
    detail: 'excised',
    fields: { class: objectClass, objectId, reason, message, actor, timeMs },
  });
}
