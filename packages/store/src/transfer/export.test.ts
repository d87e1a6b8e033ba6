import { buildTree, type ChunkId, decodeRecord, hashBytes, recordLinks } from '@daggerml/object-model';
import { CarReader } from '@ipld/car';
import { describe, expect, it } from 'vitest';
import { excise } from '../../test/excise.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { closureOf } from '../../test/gc/closure.ts';
import { pagesOf, putCall, putDag, putLiteral, putRecord, putText } from '../../test/records.ts';
import { watchedEngine } from '../../test/rows.ts';
import { commitTo, exported, imported, MAIN, sectionsOf, sourceStore } from '../../test/streams.ts';
import { runGc } from '../gc/run.ts';
import { headRef, type RefName, refKey, remoteRef } from '../refs/ref-name.ts';
import { plantRef } from '../testing/plant-ref.ts';
import { exportCar } from './export.ts';

describe('exportCar', () => {
  it('is a CARv1 stream that other tools read and verify [DML-STO-1001]', async () => {
    const { store } = await sourceStore();
    const bytes = await exported(store);
    const reader = await CarReader.fromBytes(bytes);
    expect(reader.version).toBe(1);
    const { ids } = await sectionsOf(bytes);
    let read = 0;
    for await (const { cid, bytes: block } of reader.blocks()) {
      expect(Buffer.from(cid.multihash.digest).toString('hex')).toBe(hashBytes(block));
      expect(ids[read]).toBe(hashBytes(block));
      read += 1;
    }
    expect(read).toBe(ids.length);
  });

  it('leads with the records of its refs, which are its roots [DML-STO-1002]', async () => {
    const { store, commitId } = await sourceStore();
    setRef(store, 'other', commitId);
    const { roots, ids, blocks } = await sectionsOf(await exported(store, [MAIN, headRef('other')]));
    expect(ids.slice(0, 2)).toEqual(roots);
    expect(blocks.slice(0, 2).map((block) => decodeRecord(block))).toEqual([
      { type: 'ref', name: 'refs/heads/main', commitId, sequence: 2 },
      { type: 'ref', name: 'refs/heads/other', commitId, sequence: 3 },
    ]);
  });

  it('holds every object the refs reach, once each, and no other [DML-STO-1003]', async () => {
    const { store, commitId: first } = await sourceStore();
    const shared = store.transact('shared', (transaction) => {
      const below = putLiteral(transaction, putText(transaction, 'below'));
      return putDag(transaction, putCall(transaction, 'x:f', [putCall(transaction, 'x:f', [below]), below]));
    });
    const commitId = commitTo(store, { dags: { shared }, parents: [first] });
    const { roots, ids } = await sectionsOf(await exported(store));
    const reached = [...closureOf(store, commitId)].map((name) => name.split('/')[1]);
    expect(ids.slice(roots.length).sort()).toEqual(reached.sort());
  });

  it('holds the tombstone in the place of an excised object [DML-STO-1004]', async () => {
    const { store } = await sourceStore();
    const datumId = store.transact('find', (transaction) => putText(transaction, 'two'));
    await excise(store, { class: 'datum', objectId: datumId });
    const { ids, blocks } = await sectionsOf(await exported(store));
    expect(ids).not.toContain(datumId);
    const tombstones = blocks.filter((block) => block[2] === 8).map((block) => decodeRecord(block));
    expect(tombstones).toMatchObject([{ type: 'tombstone', objectClass: 'datum', objectId: datumId }]);
  });

  it('reads on only as its consumer takes, in pieces that one section fills [DML-STO-1005]', async () => {
    const store = await openFixture();
    const list = store.transact('list', (transaction) => {
      const texts = Array.from({ length: 1_500 }, (_, at) => putText(transaction, `${at}`.padStart(200)));
      const root = buildTree('list', texts, pagesOf(transaction));
      return putDag(
        transaction,
        putLiteral(transaction, putRecord(transaction, { type: 'datum', kind: 'list', root })),
      );
    });
    const commitId = commitTo(store, { dags: { list } });
    let reads = 0;
    const engine = watchedEngine(store.engine, 'objects', (member) => {
      if (member === 'getBinary' || member === 'getBinaryFast') reads += 1;
    });
    const transact = store.transact.bind(store);
    const stream = exportCar({ engine, isReadOnly: true, transact }, [{ ref: MAIN, commitId }]);
    const sizes = [((await stream.next()).value as Buffer).length];
    const objects = closureOf(store, commitId).size;
    expect(reads).toBeLessThan(objects);
    for await (const piece of stream) sizes.push(piece.length);
    expect(sizes.length).toBeGreaterThan(2);
    for (const sizeBytes of sizes.slice(0, -1)) expect(sizeBytes).toBeGreaterThanOrEqual(65_536);
    // Sections are much smaller than pieces here.
    for (const sizeBytes of sizes) expect(sizeBytes).toBeLessThan(65_536 + 20_000);
    expect(reads).toBeLessThanOrEqual(2 * objects);
  });

  it('writes names that hold anything a name may hold, and reads them back [DML-STO-1040]', async () => {
    const { store, commitId } = await sourceStore();
    const names = ['é', 'with+plus', '100%', 'a%2fb', "it's", 'feature/x', 'ひ'].map(headRef);
    const remote = remoteRef('origin-é', 'main/ü');
    const refs = [...names, remote];
    for (const ref of refs) setRef(store, ref, commitId);
    const bytes = await exported(store, refs);
    const target = await openFixture();
    expect(await imported(target, bytes)).toMatchObject({ state: 'applied' });
    for (const ref of refs) expect([ref, target.getRef(ref)?.commitId]).toEqual([ref, commitId]);
    expect(
      (await sectionsOf(bytes)).blocks.slice(0, refs.length).map((block) => decodeRecord(block)),
    ).toEqual(
      refs.map((ref) => expect.objectContaining({ type: 'ref', name: `refs/${refKey(ref).toString()}` })),
    );
  });

  it('writes a name that new refs may not have; who imports it takes it under another', async () => {
    const { store, commitId } = await sourceStore();
    const old = headRef('with space');
    plantRef(store, old, commitId);
    const bytes = await exported(store, [old]);
    const target = await openFixture();
    await expect(imported(target, bytes)).rejects.toMatchObject({
      code: 'ref_name_invalid',
      detail: 'character',
      fields: { suggestion: 'with-space' },
    });
    expect(target.readRefs()).toEqual([]);
    const mapRef = (): RefName => headRef('with-space');
    expect(await imported(target, bytes, { mapRef })).toMatchObject({ state: 'applied' });
    expect(target.getRef(headRef('with-space'))?.commitId).toBe(commitId);
  });

  it('puts an object after everything it links to [DML-STO-1007]', async () => {
    const { store } = await sourceStore();
    const { roots, ids, blocks } = await sectionsOf(await exported(store));
    const seen = new Set<string>();
    for (const [index, id] of ids.entries()) {
      if (index < roots.length) continue;
      const record = blocks[index] as Buffer;
      if (store.has('chunk', id as ChunkId)) seen.add(id);
      else for (const link of recordLinks(decodeRecord(record))) expect(seen).toContain(link.id);
      seen.add(id);
    }
    expect(seen.size).toBe(ids.length - roots.length);
  });

  it('keeps what it exports while refs move and a collection runs [DML-STO-1006]', async () => {
    const { store, commitId } = await sourceStore();
    setRef(store, 'anchor', commitTo(store, { text: 'anchor' }, headRef('anchor')));
    const size = closureOf(store, commitId).size;
    store.checkpoint();
    const stream = exportCar(store, [{ ref: MAIN, commitId }]);
    const pieces = [(await stream.next()).value as Buffer];
    setRef(store, MAIN, null);
    await runGc(store);
    for await (const piece of stream) pieces.push(piece);
    expect((await sectionsOf(Buffer.concat(pieces))).ids).toHaveLength(size + 1);
  });
});
