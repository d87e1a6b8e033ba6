import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';

/** Puts rows under keys of our choice, whatever their bytes. */
function plantIds(store: Store, ids: readonly string[]): void {
  store.transact('plant', (transaction) => {
    for (const id of ids) transaction.putRow('objects', objectKey('datum', id) as Buffer, Buffer.from('x'));
  });
}

const id = (prefix: string, fill: string): string => prefix.padEnd(64, fill);

describe('abbreviated ids', () => {
  it('resolves the digits only one object starts with [DML-STO-0221]', async () => {
    const store = await openFixture();
    plantIds(store, [id('abcd1', '0'), id('abce', 'f'), id('ffff', 'f')]);
    expect(store.resolvePrefix('abcd')).toMatchObject({ state: 'unique', objectId: id('abcd1', '0') });
    expect(store.resolvePrefix('ABCE')).toMatchObject({ state: 'unique', objectId: id('abce', 'f') });
    expect(store.resolvePrefix(id('ffff', 'f'))).toMatchObject({ state: 'unique', class: 'datum' });
    expect(store.resolvePrefix('abcf')).toEqual({ state: 'none' });
    expect(store.resolvePrefix('abcd', 'node')).toEqual({ state: 'none' });
  });

  it('lists the candidates of ambiguous digits, also across classes [DML-STO-0222]', async () => {
    const store = await openFixture();
    plantIds(store, [id('abcd1', '0'), id('abcd2', '0')]);
    store.transact('plant', (transaction) => {
      transaction.putRow('objects', objectKey('node', id('abcd1', '0')) as Buffer, Buffer.from('y'));
    });
    const found = store.resolvePrefix('abcd');
    expect(found.state === 'ambiguous' && found.candidates.map((each) => each.class)).toEqual([
      'datum',
      'datum',
      'node',
    ]);
  });

  it('needs four digits [DML-STO-0223]', async () => {
    const store = await openFixture();
    plantIds(store, [id('abcd1', '0')]);
    expect(store.resolvePrefix('abc')).toEqual({ state: 'none' });
    expect(store.resolvePrefix('abcd')).toMatchObject({ state: 'unique' });
    expect(store.resolvePrefix('abcg')).toEqual({ state: 'none' });
  });
});
