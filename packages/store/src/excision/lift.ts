import { hashBytes, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import { hasRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { linksOf } from '../objects/links.ts';
import { isMissingOnPurpose } from '../objects/stubs.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { Transactor } from '../write-transaction.ts';
import type { ObjectName } from './plan.ts';

/**
 * Undoes the excision of one object whose bytes are still held elsewhere, and returns its id.
 *
 * Nothing else brings an excised object back. Throws `excision_refused` with `not_excised` and, where the
 * object links to what is absent, with `incomplete`.
 */
export function liftExcision(host: Transactor, objectClass: ObjectClass, bytes: Uint8Array): ObjectId {
  const object: ObjectName = { class: objectClass, objectId: hashBytes(bytes) };
  host.transact('lift', (transaction) => {
    const { engine } = transaction;
    const key = objectKey(objectClass, object.objectId) as Buffer;
    // @spec DML-STO-0817
    if (!hasRow(engine, 'excised', key))
      throw storeError('excision_refused', { detail: 'not_excised', ...object });
    for (const link of linksOf(bytes, objectClass)) {
      if (transaction.retain(link.class, link.id)) continue;
      // @spec DML-STO-0845
      if (!isMissingOnPurpose(engine, objectKey(link.class, link.id) as Buffer))
        throw storeError('excision_refused', { detail: 'incomplete', ...object });
    }
    // @spec DML-STO-0816
    transaction.putRow('objects', key, bytes);
    transaction.deleteRow('excised', key);
    transaction.retain(objectClass, object.objectId);
  });
  return object.objectId;
}
