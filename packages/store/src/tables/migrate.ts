import { decodeRecord } from '@daggerml/object-model';
import { readRows } from '../engine/reading.ts';
import { parseRefKey } from '../refs/ref-name.ts';
import { encodeRef } from '../refs/refs.ts';
import type { Store } from '../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { readMeta } from './meta.ts';
import { newerSchema, SCHEMA_VERSION } from './schema.ts';

/** Brings a file from the schema it is listed under to the next one. */
type Migration = (transaction: WriteTransaction) => void;

/** Adds checksums to refs, which schema 0 kept without. */
function checksumRefs(transaction: WriteTransaction): void {
  for (const row of readRows(transaction.engine, 'refs')) {
    const { commitId, sequence } = decodeRecord(row.value, 'ref');
    const checked = encodeRef({ name: parseRefKey(row.key), commitId, sequence });
    // @spec DML-STO-0027
    transaction.putRow('refs', checked.key, checked.value);
  }
}

const MIGRATIONS: readonly Migration[] = [checksumRefs];

/** Migrates an older file opened for writing to the current schema; does nothing when it is current. */
export function migrateSchema(store: Store, program: string): void {
  const schema = Number(readMeta(store.engine, 'schema'));
  if (schema === SCHEMA_VERSION) return;
  store.transact('migrate', (transaction) => {
    // Another process may have migrated the file since it was looked at.
    const from = Number(transaction.getMeta('schema'));
    // @spec DML-STO-0028
    if (from > SCHEMA_VERSION) throw newerSchema(from);
    for (const migration of MIGRATIONS.slice(from)) {
      migration(transaction);
      transaction.reach('migrate/step');
    }
    // @spec DML-STO-0025
    transaction.setMeta('schema', SCHEMA_VERSION);
    // @spec DML-STO-0026
    if (from < SCHEMA_VERSION) transaction.setMeta('last_migrated_by', program);
  });
}
