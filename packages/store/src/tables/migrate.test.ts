import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitId, hashBytes, type ObjectClass } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { type SchemaZeroContents, writeSchemaZero } from '../../test/schema-zero.ts';
import { ENGINE_VERSION } from '../engine/engine-options.ts';
import { readRow } from '../engine/reading.ts';
import { openStore } from '../open-store.ts';
import { headRef, refKey } from '../refs/ref-name.ts';
import { textKey } from './keyspace.ts';
import { encodeMeta } from './meta.ts';
import { migrateSchema } from './migrate.ts';
import { compareVersions, SCHEMA_VERSION } from './schema.ts';

function oldContents(): SchemaZeroContents & { commitId: CommitId } {
  const objects: { objectClass: ObjectClass; bytes: Uint8Array }[] = [];
  const sink = {
    put: (objectClass: ObjectClass, bytes: Uint8Array) => void objects.push({ objectClass, bytes }),
  };
  const commitId = putCommit(sink, { message: 'old' });
  const refs = ['main', 'feature/ä'].map((name, index) => ({
    name: headRef(name),
    commitId,
    sequence: index + 1,
  }));
  return { objects, refs, commitId };
}

const fingerprint = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(join(path, 'data.mdb')))
    .digest('hex');

const program = 'dml 9.9.9';

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'store');
});

describe('schema versions', () => {
  it('orders versions by number', () => {
    expect(compareVersions('3.5.6', '3.5.6')).toBe(0);
    expect(compareVersions('3.5.10', '3.5.9')).toBeGreaterThan(0);
    expect(compareVersions('3.5', '3.5.1')).toBeLessThan(0);
  });

  it('refuses a newer schema, for reading and for writing [DML-STO-0021]', async () => {
    await writeSchemaZero(path, { ...oldContents(), schema: SCHEMA_VERSION + 1 });
    for (const mode of ['read', 'write'] as const) {
      await expect(openStore(path, { mode })).rejects.toMatchObject({
        code: 'schema_newer',
        fields: { schema: SCHEMA_VERSION + 1, supported: SCHEMA_VERSION },
      });
    }
  });

  it('leaves a refused file as it was [DML-STO-0022]', async () => {
    await writeSchemaZero(path, { ...oldContents(), schema: SCHEMA_VERSION + 1 });
    const before = fingerprint(path);
    await expect(openStore(path, { mode: 'write' })).rejects.toMatchObject({ code: 'schema_newer' });
    expect(fingerprint(path)).toBe(before);
  });

  it('migrates an older schema when opened for writing [DML-STO-0023]', async () => {
    await writeSchemaZero(path, oldContents());
    const store = await openStore(path, { mode: 'write', program });
    expect(store.getMeta('schema')).toBe(SCHEMA_VERSION);
    expect(readRow(store.engine, 'refs', refKey('refs/heads/main'))?.length).toBeGreaterThan(50);
    await store.close();
    const again = await openStore(path, { mode: 'read' });
    expect(again.readRefs()).toHaveLength(2);
    await again.close();
  });

  it('refuses an older schema for reading [DML-STO-0024]', async () => {
    await writeSchemaZero(path, oldContents());
    await expect(openStore(path, { mode: 'read' })).rejects.toMatchObject({ code: 'schema_older' });
  });

  it('leaves the old schema when a migration fails on its way [DML-STO-0025]', async () => {
    await writeSchemaZero(path, oldContents());
    for (const at of ['migrate/begin', 'put', 'migrate/step', 'migrate/before-commit']) {
      const environment = fakeEnvironment();
      environment.failpoint = (name) => {
        if (name === at) throw new Error(at);
      };
      await expect(openStore(path, { mode: 'write', program, environment }), at).rejects.toThrow();
      await expect(openStore(path, { mode: 'read' }), at).rejects.toMatchObject({ code: 'schema_older' });
    }
    const store = await openStore(path, { mode: 'write', program });
    expect(store.readRefs()).toHaveLength(2);
    await store.close();
  });

  it('does not take a schema back that became newer since it was looked at [DML-STO-0028]', async () => {
    const store = await openFixture();
    const schema = SCHEMA_VERSION + 1;
    store.transact('newer', (transaction) => transaction.setMeta('schema', schema));
    expect(() => migrateSchema(store, program)).toThrow(
      expect.objectContaining({ code: 'schema_newer', fields: { schema, supported: SCHEMA_VERSION } }),
    );
    expect(store.getMeta('schema')).toBe(schema);
    expect(store.getMeta('last_migrated_by')).toBeUndefined();
    store.transact('back', (transaction) => transaction.setMeta('schema', SCHEMA_VERSION));
  });

  it('records who migrated, unknown before [DML-STO-0026]', async () => {
    await writeSchemaZero(path, oldContents());
    const store = await openStore(path, { mode: 'write', program });
    expect(store.getMeta('last_migrated_by')).toBe(program);
    expect(store.getMeta('created_by')).toBe('dml 0.0.1');
    await store.close();
  });

  it('keeps every object and every ref [DML-STO-0027]', async () => {
    const old = oldContents();
    await writeSchemaZero(path, old);
    const store = await openStore(path, { mode: 'write', program });
    for (const { objectClass, bytes } of old.objects) {
      expect(store.get(objectClass, hashBytes(bytes))?.equals(bytes)).toBe(true);
    }
    expect(store.readRefs()).toEqual([...old.refs].sort((a, b) => (a.name < b.name ? -1 : 1)));
    await store.close();
  });

  it('records schema, creator and engine of a new store [DML-STO-0007]', async () => {
    const environment = fakeEnvironment();
    const store = await openFixture(environment);
    expect(store.getMeta('schema')).toBe(SCHEMA_VERSION);
    expect(store.getMeta('created_by')).toBe('test');
    expect(store.getMeta('created_at_ms')).toBe(environment.nowMsValue);
    expect(store.getMeta('engine')).toBe(ENGINE_VERSION);
    expect(store.getMeta('repository')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads an absent meta key as unknown [DML-STO-0006]', async () => {
    const store = await openFixture();
    expect(store.getMeta('last_migrated_by')).toBeUndefined();
    expect(store.getMeta('gc')).toBeUndefined();
  });

  it('records a newer engine than the one that wrote last [DML-STO-0111]', async () => {
    await writeSchemaZero(path, { ...oldContents(), engine: '3.0.0' });
    const store = await openStore(path, { mode: 'write', program });
    expect(store.getMeta('engine')).toBe(ENGINE_VERSION);
    await store.close();
  });

  it('refuses a store that a newer engine wrote [DML-STO-0112]', async () => {
    const store = await openFixture();
    store.transact('engine', (transaction) => {
      putCommit(transaction, {});
      transaction.putRow('meta', textKey('engine'), encodeMeta('engine', '99.0.0'));
    });
    const { path } = store;
    await store.close();
    for (const mode of ['read', 'write'] as const) {
      await expect(openStore(path, { mode })).rejects.toMatchObject({ code: 'engine_older' });
    }
  });

  it('is written against the installed engine', async () => {
    const { createRequire } = await import('node:module');
    const manifest = join(createRequire(import.meta.url).resolve('lmdb'), '..', '..', 'package.json');
    expect((JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version).toBe(ENGINE_VERSION);
  });
});
