import type { StubFacts } from '../objects/stubs.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';

/** Puts a stub in the place of an object, as though a domain had withheld it. */
export function plantStub(store: Store, stub: StubFacts): void {
  store.transact('plant', (transaction) => {
    transaction.deleteRow('objects', objectKey(stub.class, stub.objectId) as Buffer);
    transaction.putStub(stub);
  });
}
