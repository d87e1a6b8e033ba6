import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asRefName } from './ref-name.ts';
import { openStore } from './open-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('store', () => {
  it('keeps objects, refs and the journal over a reopen', async () => {
    const path = join(folder, 'store');
    const store = await openStore(path, { mode: 'write', create: true });
    let id = '';
    store.transact('t', (tx) => {
      id = tx.put('commit', Buffer.from('hello'));
      tx.updateRef({ ref: asRefName('refs/heads/main'), expected: null, next: id, actor: 'a', reason: 'r' });
    });
    expect(store.refsAt(1).get(asRefName('refs/heads/main'))).toBe(id);
    expect(store.refsAt(0).size).toBe(0);
    expect(() => store.transact('x', () => { throw new Error('no'); })).toThrow('no');
    store.checkpoint();
    await store.close();
    const again = await openStore(path, { mode: 'read' });
    expect(again.get('commit', id)?.toString()).toBe('hello');
    expect(again.readRefs()).toEqual([{ name: 'refs/heads/main', commitId: id, sequence: 1 }]);
    await again.close();
  });
});
