import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import type { Engine } from '../src/engine/engine.ts';
import { readKeys, refreshSnapshot } from '../src/engine/reading.ts';
import type { TableName } from '../src/engine/tables.ts';
import type { ObjectName } from '../src/excision/plan.ts';
import type { Store } from '../src/store.ts';
import { objectKey } from '../src/tables/keyspace.ts';

/** Returns the keys of a table as they are now. */
export function keysOf(store: Pick<Store, 'engine'>, table: TableName): Buffer[] {
  refreshSnapshot(store.engine);
  return readKeys(store.engine, table);
}

/** Returns the refs as they were after a sequence of the journal. */
export async function refsAfter(store: Store, sequence: number): Promise<Map<string, string>> {
  const refs = new Map<string, string>();
  for await (const { sequence: at, ref, new: commitId } of store.listJournal()) {
    if (at > sequence) break;
    if (commitId === null) refs.delete(ref);
    else refs.set(ref, commitId);
  }
  return refs;
}

/** Removes an object as a fault would. */
export function loseObject(store: Store, objectClass: ObjectClass, objectId: ObjectId): void {
  const key = objectKey(objectClass, objectId) as Buffer;
  store.transact('fault', (transaction) => void transaction.deleteRow('objects', key));
}

/** Puts other bytes in the place of an object, as a fault would. */
export function spoilObject(store: Store, objectClass: ObjectClass, objectId: ObjectId): void {
  const key = objectKey(objectClass, objectId) as Buffer;
  store.transact('fault', (transaction) => transaction.putRow('objects', key, Buffer.from('rotten')));
}

/** Returns an engine over the tables of another that reports each use of one: the member, and its first argument. */
export function watchedEngine(
  engine: Engine,
  table: TableName,
  onUse: (member: string, key: Buffer) => void,
): Engine {
  const watched = new Proxy(engine.tables[table], {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...inputs: unknown[]) => {
        onUse(name as string, inputs[0] as Buffer);
        return value.apply(target, inputs);
      };
    },
  });
  return { ...engine, tables: { ...engine.tables, [table]: watched } };
}

/** Withholds an object that was put; where the domain is a remote, it is one that was left out. */
export function withhold(store: Store, name: ObjectName, domain = 'did:key:z6Mk'): void {
  loseObject(store, name.class, name.objectId);
  const stub = { ...name, domain, timeMs: 1 };
  store.transact('withhold', (transaction) => transaction.putStub(stub));
}

/** Holds an object for good. */
export function hold(store: Store, name: ObjectName, owner = 'ada'): void {
  store.transact('hold', (transaction) =>
    transaction.putHold({ ...name, owner, reason: 'test', expiresMs: null }),
  );
}

/** Returns a store that has something done once, before its first transaction with a label. */
export function beforeTransaction(store: Store, label: string, act: () => void): Store {
  let isDone = false;
  const transact: Store['transact'] = (name, body) => {
    if (name === label && !isDone) {
      isDone = true;
      act();
    }
    return store.transact(name, body);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'transact') return transact;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
