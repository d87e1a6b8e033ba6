import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { ENGINE_VERSION } from '../engine/engine-options.ts';
import { openStore } from '../open-store.ts';
import type { MetaKey, MetaValue } from './meta.ts';
import { compareVersions, SCHEMA_VERSION } from './schema.ts';

const fingerprint = (path: string): string => hashBytes(readFileSync(join(path, 'data.mdb')));

/** Creates a store that says something else of itself than this version does. */
async function storeThatSays(key: MetaKey, value: MetaValue): Promise<string> {
  const store = await openFixture();
  store.transact('meta', (transaction) => {
    putCommit(transaction, {});
    transaction.setMeta(key, value);
  });
  await store.close();
  return store.path;
}

describe('schema versions', () => {
  it('orders versions by number', () => {
    expect(compareVersions('3.5.6', '3.5.6')).toBe(0);
    expect(compareVersions('3.5.10', '3.5.9')).toBeGreaterThan(0);
    expect(compareVersions('3.5', '3.5.1')).toBeLessThan(0);
  });

  it.each([
    ['a newer schema [DML-STO-0021] [DML-STO-0022]', 'schema', SCHEMA_VERSION + 1, 'schema_newer'],
    ['an older schema [DML-STO-1904]', 'schema', SCHEMA_VERSION - 1, 'schema_older'],
    ['a newer engine [DML-STO-0112]', 'engine', '99.0.0', 'engine_older'],
  ] as const)('refuse a file without a change of it: %s', async (_, key, value, code) => {
    const path = await storeThatSays(key, value);
    const before = fingerprint(path);
    const supported = key === 'schema' ? SCHEMA_VERSION : ENGINE_VERSION;
    const fields = { [key]: value, supported };
    for (const mode of ['read', 'write'] as const)
      await expect(openStore(path, { mode })).rejects.toMatchObject({ code, fields });
    expect(fingerprint(path)).toBe(before);
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
    const store = await openStore(await storeThatSays('engine', '3.0.0'), { mode: 'write' });
    expect(store.getMeta('engine')).toBe(ENGINE_VERSION);
    await store.close();
  });

  it('is written against the installed engine', async () => {
    const { createRequire } = await import('node:module');
    const manifest = join(createRequire(import.meta.url).resolve('lmdb'), '..', '..', 'package.json');
    expect((JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version).toBe(ENGINE_VERSION);
  });
});
