import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture, setRef } from '../test/fixture-store.ts';
import { putCommit } from '../test/records.ts';
import { headRef } from './refs/ref-name.ts';
import type { Store } from './store.ts';
import { objectKey } from './tables/keyspace.ts';
import { plantRef } from './testing/plant-ref.ts';

function commitChain(store: Store, length: number): string[] {
  const ids: string[] = [];
  store.transact('chain', (transaction) => {
    for (let index = 0; index < length; index += 1) {
      const parents = index === 0 ? [] : [ids[index - 1] as never];
      ids.push(putCommit(transaction, { parents, message: `${index}` }));
    }
  });
  setRef(store, 'main', ids.at(-1) as never);
  return ids;
}

/** Puts rows under keys of our choice, whatever their bytes. */
function plantIds(store: Store, ids: readonly string[]): void {
  store.transact('plant', (transaction) => {
    for (const id of ids) transaction.putRow('objects', objectKey('datum', id) as Buffer, Buffer.from('x'));
  });
}

const id = (prefix: string, fill: string): string => prefix.padEnd(64, fill);

describe('revisions', () => {
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
    expect(store.resolve('abcd1')).toMatchObject({ state: 'ambiguous' });
  });

  it('needs four digits [DML-STO-0223]', async () => {
    const store = await openFixture();
    plantIds(store, [id('abcd1', '0')]);
    expect(store.resolvePrefix('abc')).toEqual({ state: 'none' });
    expect(store.resolvePrefix('abcd')).toMatchObject({ state: 'unique' });
    expect(store.resolvePrefix('abcg')).toEqual({ state: 'none' });
  });

  it('prefers a head of the name to an abbreviated id [DML-STO-0224]', async () => {
    const store = await openFixture();
    const [commitId] = commitChain(store, 1);
    plantIds(store, [id('face', '0')]);
    expect(store.resolve('face')).toMatchObject({ state: 'found', class: 'datum' });
    setRef(store, 'face', commitId as never);
    expect(store.resolve('face')).toEqual({
      state: 'found',
      ref: 'refs/heads/face',
      class: 'commit',
      objectId: commitId,
    });
  });

  it('takes full ref names, remote-tracking names and HEAD', async () => {
    const store = await openFixture();
    const [commitId] = commitChain(store, 1);
    setRef(store, 'refs/remotes/origin/dev', commitId as never);
    for (const revision of [
      'refs/heads/main',
      'main',
      'HEAD',
      'origin/dev',
      'heads/main',
      commitId as string,
    ]) {
      expect(store.resolve(revision), revision).toMatchObject({ state: 'found', objectId: commitId });
    }
  });

  it('steps to the n-th first parent [DML-STO-0225]', async () => {
    const store = await openFixture();
    const ids = commitChain(store, 5);
    expect(store.resolve('main~2')).toMatchObject({ state: 'found', objectId: ids[2] });
    expect(store.resolve('main~~')).toMatchObject({ objectId: ids[2] });
    expect(store.resolve('main~1~3')).toMatchObject({ objectId: ids[0] });
    expect(store.resolve('HEAD~0')).toMatchObject({ objectId: ids[4] });
    expect(store.resolve('main~5')).toEqual({ state: 'unknown' });
  });

  it('prefers a ref whose name holds steps to the steps [DML-STO-0228]', async () => {
    const store = await openFixture();
    const ids = commitChain(store, 3);
    plantRef(store, headRef('main~1'), ids[0] as never);
    plantRef(store, headRef('odd~name'), ids[2] as never);
    expect(store.resolve('main~1')).toMatchObject({ ref: 'refs/heads/main~1', objectId: ids[0] });
    expect(store.resolve('refs/heads/odd~name')).toMatchObject({ objectId: ids[2] });
    expect(store.resolve('odd~name')).toMatchObject({ objectId: ids[2] });
    expect(store.resolve('main~2')).toMatchObject({ objectId: ids[0] });
    expect(store.resolve('main~')).toMatchObject({ objectId: ids[1] });
  });

  it('says unknown for what names nothing [DML-STO-0226]', async () => {
    const store = await openFixture();
    for (const revision of [
      'main',
      'HEAD',
      'nowhere~3',
      'abcd',
      'refs/heads/x',
      hashBytes(Buffer.from('x')),
    ]) {
      expect(store.resolve(revision), revision).toEqual({ state: 'unknown' });
    }
  });

  it('refuses what cannot be a revision [DML-STO-0227]', async () => {
    const store = await openFixture();
    commitChain(store, 1);
    plantIds(store, [id('abcd', '0')]);
    for (const revision of ['', '~1', 'main~x', 'main~1x', 'abcd~1']) {
      expect(() => store.resolve(revision), revision).toThrow(
        expect.objectContaining({ code: 'revision_invalid' }),
      );
    }
  });
});
