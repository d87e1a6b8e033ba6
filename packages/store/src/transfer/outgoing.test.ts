import {
  type CommitId,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { excise } from '../../test/excise.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { closureOf } from '../../test/gc/closure.ts';
import { putLiteral, putText } from '../../test/records.ts';
import { loseObject, watchedEngine, withhold } from '../../test/rows.ts';
import { commitTo, exported, imported, sourceStore, streamOf } from '../../test/streams.ts';
import { linksOf } from '../objects/links.ts';
import { headRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import type { ObjectBlock } from './object-block.ts';
import { outgoingObjects } from './outgoing.ts';

async function sent(store: Store, commitIds: CommitId[], known: CommitId[] = []): Promise<ObjectBlock[]> {
  const blocks: ObjectBlock[] = [];
  for await (const block of outgoingObjects(store, commitIds, known)) blocks.push(block);
  return blocks;
}

function namesOf(blocks: readonly ObjectBlock[]): string[] {
  return blocks.map(({ class: objectClass, link }) => `${objectClass}/${link.id}`);
}

describe('outgoingObjects', () => {
  it('are all that the known commits do not reach, once each, after what they link to [DML-STO-1070]', async () => {
    const { store, commitId } = await sourceStore();
    expect(namesOf(await sent(store, [commitId])).sort()).toEqual([...closureOf(store, commitId)].sort());
    const next = commitTo(store, { text: 'three', parents: [commitId] });
    const last = commitTo(store, { text: 'four', parents: [next] });
    const names = namesOf(await sent(store, [last], [commitId]));
    expect(new Set(names).size).toBe(names.length);
    const known = closureOf(store, commitId);
    expect([...new Set([...known, ...names])].sort()).toEqual([...closureOf(store, last)].sort());
    expect(names.filter((name) => known.has(name))).toEqual([]);
    for (const [at, name] of names.entries()) {
      const [objectClass, id] = name.split('/') as [ObjectClass, ObjectId];
      const links = linksOf(store.read(objectClass, id), objectClass).map(
        (link) => `${link.class}/${link.id}`,
      );
      for (const link of links) expect(names.indexOf(link)).toBeLessThan(at);
    }
  });

  it('have the bytes of their ids, whatever their size, also when others have followed', async () => {
    const { store, commitId } = await sourceStore();
    let tip = commitId;
    for (const length of [4000, 4100, 50_000, ...Array.from({ length: 40 }, (_, at) => 3000 + at)])
      tip = commitTo(store, { text: 'x'.repeat(length), parents: [tip] });
    const blocks = await sent(store, [tip]);
    for (const { link, bytes } of blocks) expect(hashBytes(bytes)).toBe(link.id);
    expect(blocks.length).toBe(closureOf(store, tip).size);
  });

  it('leave out what both histories have where they part [DML-STO-1071]', async () => {
    const { store, commitId } = await sourceStore();
    const theirs = commitTo(store, { text: 'theirs', parents: [commitId] }, headRef('theirs'));
    const shared = store.transact('dag', (transaction) =>
      putLiteral(transaction, putText(transaction, 'ours')),
    );
    const ours = commitTo(store, { text: 'ours', parents: [commitId] });
    const names = namesOf(await sent(store, [ours], [theirs]));
    const known = new Set([...closureOf(store, commitId), ...closureOf(store, theirs)]);
    expect(names.filter((name) => known.has(name))).toEqual([]);
    expect(names).toContain(`commit/${ours}`);
    expect(names).toContain(`node/${shared}`);
    // A commit in the history of a known one needs nothing.
    expect(await sent(store, [commitId], [theirs])).toEqual([]);
  });

  it('pass over known commits that are not here [DML-STO-1072]', async () => {
    const { store, commitId } = await sourceStore();
    const strange = 'ab'.repeat(32) as CommitId;
    const all = namesOf(await sent(store, [commitId]));
    expect(namesOf(await sent(store, [commitId], [strange]))).toEqual(all);
  });

  it('pass over the history of known commits that a cut import has not brought [DML-STO-1072]', async () => {
    const { store, commitId } = await sourceStore();
    const lost = commitTo(store, { text: 'lost' });
    const known = commitTo(store, { text: 'known', parents: [lost] });
    const all = namesOf(await sent(store, [commitId]));
    loseObject(store, 'commit', lost);
    expect(namesOf(await sent(store, [commitId], [known]))).toEqual(all);
    await expect(sent(store, [known])).rejects.toMatchObject({ code: 'object_missing' });
  });

  it('are found without the history behind [DML-STO-1073]', async () => {
    const { store } = await sourceStore();
    const early = commitTo(store, { text: 'early' });
    let tip = early;
    for (let at = 0; at < 50; at += 1) tip = commitTo(store, { text: `step ${at}`, parents: [tip] });
    const next = commitTo(store, { text: 'next', parents: [tip] });
    const looked = new Set<string>();
    const engine = watchedEngine(store.engine, 'objects', (_member, key) => {
      if (Buffer.isBuffer(key) || (key as unknown) instanceof Uint8Array)
        looked.add(Buffer.from(key).toString('hex', 1, 33));
    });
    const watched = new Proxy(store, {
      get: (target, name) => {
        if (name === 'engine') return engine;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    expect(namesOf(await sent(watched, [next], [tip]))).toContain(`commit/${next}`);
    expect(looked.has(next)).toBe(true);
    expect(looked.has(early)).toBe(false);
  });

  it('are tombstones and stubs where objects are excised and withheld', async () => {
    const { store, commitId } = await sourceStore();
    const [one, two] = store.transact('find', (transaction) => [
      putText(transaction, 'one'),
      putText(transaction, 'two'),
    ]) as [never, never];
    await excise(store, { class: 'datum', objectId: one });
    withhold(store, { class: 'datum', objectId: two });
    const blocks = await sent(store, [commitId]);
    expect(blocks.filter((block) => block.class === undefined)).toHaveLength(2);
    expect(namesOf(blocks)).not.toContain(`datum/${one}`);
    expect(namesOf(blocks)).not.toContain(`datum/${two}`);
  });

  it('are refused where an object is missing', async () => {
    const { store, commitId } = await sourceStore();
    const two = store.transact('find', (transaction) => putText(transaction, 'two'));
    loseObject(store, 'datum', two);
    await expect(sent(store, [commitId])).rejects.toMatchObject({
      code: 'object_missing',
      fields: { class: 'datum', objectId: two },
    });
    await expect(sent(store, ['cd'.repeat(32) as CommitId])).rejects.toMatchObject({
      code: 'object_missing',
    });
  });
});

describe('an import on top of what is here', () => {
  it('reads nothing that only older commits reach [DML-STO-1049]', async () => {
    const target = await openFixture();
    const { store, commitId } = await sourceStore();
    await imported(target, await exported(store));
    const next = commitTo(store, { text: 'three', parents: [commitId] });
    const lost = store.transact('find', (transaction) => putText(transaction, 'one'));
    // Whoever reads it finds it missing, since the stream does not bring it.
    const blocks = await sent(store, [next], [commitId]);
    loseObject(target, 'datum', lost);
    const ref = encodeRecord({ type: 'ref', name: 'refs/heads/main', commitId: next, sequence: 1 });
    const sections = blocks.map(({ link, bytes }) => ({ codec: link.codec, bytes }));
    const short = streamOf(1, [{ codec: 0x71, bytes: ref }, ...sections]);
    expect(await imported(target, short)).toMatchObject({ state: 'applied' });
    setRef(target, 'main', null);
    await expect(imported(target, short)).rejects.toMatchObject({ detail: 'incomplete' });
  });
});
