import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { encodeJsonRow } from './checksummed-row.ts';
import { objectKey } from './keyspace.ts';

/** An object somebody asked to keep whatever refs say. */
export interface Hold {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  readonly owner: string;
  readonly reason: string;
  readonly createdMs: number;
  /** End of the hold; null keeps it until it is removed. */
  readonly expiresMs: number | null;
}

/** Adds or renews an owner's hold on a present object; see `WriteTransaction.putHold`. */
export function putHold(transaction: WriteTransaction, hold: Omit<Hold, 'createdMs'>): void {
  const { class: objectClass, objectId, owner } = hold;
  // @spec DML-STO-0522
  if (!transaction.retain(objectClass, objectId))
    throw storeError('object_missing', { class: objectClass, objectId });
  const key = holdKey(objectClass, objectId, owner);
  const createdMs = transaction.environment.nowMs();
  // @spec DML-STO-0521
  transaction.putRow('pins', key, encodeJsonRow('pins', key, { ...hold, createdMs }));
}

/** Returns the key of a hold: the object's key, then the owner, so that owners hold independently. */
export function holdKey(objectClass: ObjectClass, objectId: string, owner: string): Buffer {
  const key = objectKey(objectClass, objectId);
  if (key === undefined) throw storeError('object_missing', { class: objectClass, objectId });
  if (typeof owner !== 'string' || owner.length === 0 || owner.length > 255)
    throw storeError('store_misuse', { detail: 'hold_owner' });
  // @spec DML-STO-0523
  return Buffer.concat([key, Buffer.from(owner, 'utf8')]);
}
