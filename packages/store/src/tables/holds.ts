import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
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

/** Returns the key of a hold: the object's key, then the owner, so that owners hold independently. */
export function holdKey(objectClass: ObjectClass, objectId: string, owner: string): Buffer {
  const key = objectKey(objectClass, objectId);
  if (key === undefined) throw storeError('object_missing', { class: objectClass, objectId });
  if (typeof owner !== 'string' || owner.length === 0 || owner.length > 255)
    throw storeError('store_misuse', { detail: 'hold_owner' });
  // @spec DML-STO-0523
  return Buffer.concat([key, Buffer.from(owner, 'utf8')]);
}
