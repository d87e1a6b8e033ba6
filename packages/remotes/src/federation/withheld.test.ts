import { runGc } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { Domain, datumOf, findings, long } from '../../test/domain.ts';
import { rejection } from '../../test/errors.ts';
import { commitTo, excise, idOfText, noise, remoteOver } from '../../test/fixtures.ts';
import { collectRemote } from '../collect/collect.ts';
import { readAbsences } from '../format/absences.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { takeReference } from './take-reference.ts';

describe('withholding', () => {
  it('leaves out large blobs and given values, with a stub for each [DML-REM-1303] [DML-REM-1304]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, {
      big: noise(300_000),
      open: long('open'),
      secret: long('secret'),
      small: noise(20_000),
    });
    const secret = { class: 'datum', objectId: idOfText(long('secret')) } as const;
    const policy = { blobsAboveBytes: 100_000, objects: [secret] };
    const { withheld } = await ours.publish(commitId, { policy });
    expect(withheld).toHaveLength(2);
    expect(withheld).toContainEqual(secret);
    const shared = await ours.shared();
    for (const { class: objectClass, objectId } of withheld)
      expect(shared).not.toContain(`${objectClass} ${objectId}`);
    // No piece of the blob is there, nor is the text in any file.
    for (const path of ours.memory.paths.filter((each) => each !== 'CURRENT.json'))
      expect(Buffer.from((await ours.memory.open().read(path)) ?? []).includes('secret....')).toBe(false);
    const theirs = await Domain.create();
    expect((await theirs.take(ours)).stubs).toBe(2);
    expect(datumOf(theirs.store, long('open'))).toBe(true);
    expect(datumOf(theirs.store, long('secret'))).toBe(false);
    expect(() => theirs.store.read('datum', secret.objectId)).toThrow(
      expect.objectContaining({
        code: 'object_withheld',
        fields: expect.objectContaining({ domain: ours.signer.domain }),
      }),
    );
    expect(await findings(theirs.store)).toEqual([]);
    await runGc(theirs.store);
    expect(await findings(theirs.store)).toEqual([]);
  });

  it('leaves out dags by name, with the nodes that no other dag has [DML-REM-1303]', async () => {
    const ours = await Domain.create();
    commitTo(ours.store, { 'raw-1': long('raw old'), model: long('model old') });
    const commitId = commitTo(ours.store, {
      'raw-1': long('raw'),
      model: long('model'),
      twin: long('twin'),
      'raw-2': long('twin'),
    });
    const { withheld } = await ours.publish(commitId, {
      policy: { isDagWithheld: (name) => name.startsWith('raw-') },
    });
    // The dag of "twin" is the same as that of "raw-2", which is withheld whatever else it is named.
    expect(withheld.map((each) => each.class)).toEqual(['dag', 'dag', 'dag']);
    const theirs = await Domain.create();
    await theirs.take(ours);
    for (const text of ['raw', 'raw old', 'twin'])
      expect(datumOf(theirs.store, long(text)), text).toBe(false);
    for (const text of ['model', 'model old']) expect(datumOf(theirs.store, long(text)), text).toBe(true);
    expect(await findings(theirs.store)).toEqual([]);
  });

  it('passes on the stubs of others [DML-REM-1304]', async () => {
    const [first, second, third] = [await Domain.create(), await Domain.create(), await Domain.create()];
    const commitId = commitTo(first.store, { a: long('open'), b: long('secret') });
    const objects = [{ class: 'datum', objectId: idOfText(long('secret')) } as const];
    await first.publish(commitId, { policy: { objects } });
    await second.take(first);
    await second.publish(commitId);
    expect((await third.take(second)).stubs).toBe(1);
    expect(() => third.store.read('datum', idOfText(long('secret')))).toThrow(
      expect.objectContaining({ fields: expect.objectContaining({ domain: first.signer.domain }) }),
    );
  });

  it('is filled by a later publication that offers the object [DML-REM-1324]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { a: long('open'), big: noise(300_000), b: long('secret') });
    await ours.publish(commitId, { policy: { blobsAboveBytes: 1000 } });
    const theirs = await Domain.create();
    await theirs.take(ours);
    const { store } = theirs;
    const { state: first } = await readSnapshot(ours.memory.open());
    expect((await readAbsences(ours.memory.open(), first.absences)).size).toBe(1);
    const stubbed = (): number => store.engine.tables.stubs.getStats().entryCount as number;
    expect(stubbed()).toBe(1);
    expect((await ours.publish(commitId, { release: true })).objects).toBeGreaterThan(3);
    const { state } = await readSnapshot(ours.memory.open());
    expect((await readAbsences(ours.memory.open(), state.absences)).size).toBe(0);
    // Cut before its end, it leaves what was withheld withheld.
    const files = ours.memory.open();
    const cut = {
      ...files,
      name: files.name,
      read: async (path: string, range?: never): Promise<Uint8Array | undefined> => {
        const bytes = await files.read(path, range);
        return path.startsWith('segments/') && bytes ? Uint8Array.from(bytes, (byte) => byte ^ 1) : bytes;
      },
    };
    const wrong = takeReference(remoteOver(Object.assign(Object.create(files), cut), 3), {
      store,
      name: 'them',
      published: 'model',
    });
    await expect(wrong).rejects.toMatchObject({ code: 'remote_damaged' });
    expect(stubbed()).toBe(1);
    expect(await findings(store)).toEqual([]);
    await theirs.take(ours);
    expect(stubbed()).toBe(0);
    expect(await findings(store)).toEqual([]);
  });

  it('is no cover for what this repository has left out [DML-REM-1326]', async () => {
    const [ours, partial] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('open'), b: long('elsewhere') });
    const objects = [{ class: 'datum', objectId: idOfText(long('elsewhere')) } as const];
    const policy = { objects };
    await ours.publish(commitId, { policy });
    await partial.take(ours);
    // As a partial clone leaves it.
    partial.store.transact('leave out', (transaction) => {
      const domain = 'dml+remote://file/internal/place';
      transaction.putStub({ class: 'datum', objectId: idOfText(long('elsewhere')), domain, timeMs: 1 });
    });
    expect(await rejection(() => partial.publish(commitId))).toBe('object_withheld left_out');
    // Whoever withholds it needs no bytes of it.
    expect((await partial.publish(commitId, { policy })).withheld).toEqual(objects);
    const theirs = await Domain.create();
    await theirs.take(partial);
    expect(theirs.store.getStub('datum', idOfText(long('elsewhere')))?.domain).toBe(partial.signer.domain);
  });

  it('is not given away by a later publication, unless it is released [DML-REM-1950]', async () => {
    const ours = await Domain.create();
    const secret = { class: 'datum', objectId: idOfText(long('secret')) } as const;
    const first = commitTo(ours.store, { raw: long('raw'), note: long('secret'), open: long('open') });
    const policy = { objects: [secret], isDagWithheld: (name: string) => name === 'raw' };
    await ours.publish(first, { policy });
    const before = ours.memory.paths;
    const next = commitTo(ours.store, { raw: long('raw 2'), note: long('more'), open: long('raw') });
    for (const [name, commitId, given] of [
      ['model', first, {}],
      ['model', next, {}],
      ['other', first, {}],
      ['model', first, { objects: [secret] }],
      ['model', next, { isDagWithheld: policy.isDagWithheld }],
    ] as const)
      await expect(ours.publish(commitId, { name, policy: given }), name).rejects.toMatchObject({
        code: 'publication_releases',
        fields: { name, what: expect.stringMatching(/the dag "raw"|the datum/) },
      });
    await expect(ours.publish(first)).rejects.toMatchObject({
      fields: { what: expect.stringContaining(`the dag "raw", the datum ${secret.objectId}`) },
    });
    // Neither is the dag of this name in a history of its own, from a repository that has the publication.
    const apart = await Domain.create();
    await apart.take(ours);
    const alone = commitTo(apart.store, { raw: long('raw 3') });
    const copy = { ...apart, memory: ours.memory, signer: ours.signer };
    await expect(Domain.prototype.publish.call(copy, alone)).rejects.toMatchObject({
      code: 'publication_releases',
      fields: { what: 'the dag "raw"' },
    });
    expect(ours.memory.paths).toEqual(before);
    await ours.publish(next, { policy });
    await ours.publish(next, { policy: {}, release: true });
    const theirs = await Domain.create();
    expect((await theirs.take(ours)).stubs).toBe(0);
    for (const text of ['secret', 'raw', 'raw 2']) expect(datumOf(theirs.store, long(text)), text).toBe(true);
    expect(await findings(theirs.store)).toEqual([]);
    // What was released needs no leave any more.
    await ours.publish(commitTo(ours.store, { raw: long('raw 4') }));
  });

  it('counts all that is not put, and not only what has a stub [DML-REM-1951]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { big: noise(300_000), open: long('open') });
    const all = (await ours.publish(commitId, { name: 'all' })).objects;
    const other = new Domain(ours.store);
    const { withheld, heldBack, objects } = await other.publish(commitId, {
      policy: { blobsAboveBytes: 1000 },
    });
    expect(withheld).toHaveLength(1);
    expect(heldBack).toBeGreaterThan(5);
    expect(objects + heldBack).toBe(all);
    // What is there from before is not counted.
    expect(await ours.publish(commitId, { policy: { blobsAboveBytes: 1000 } })).toMatchObject({
      heldBack: 0,
    });
  });

  it('says what an earlier publication has shared already [DML-REM-1318]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { a: long('open'), b: long('secret') });
    await ours.publish(commitId);
    const next = commitTo(ours.store, { a: long('more'), b: long('secret') });
    const objects = [{ class: 'datum', objectId: idOfText(long('secret')) } as const];
    const { withheld, sharedBefore } = await ours.publish(next, { policy: { objects } });
    expect(withheld).toEqual([]);
    expect(sharedBefore).toEqual(objects);
    const theirs = await Domain.create();
    expect((await theirs.take(ours)).stubs).toBe(0);
  });
});

describe('what is excised after it was published', () => {
  it('is gone from the remote once that was collected, and is offered as excised [DML-REM-1005] [DML-REM-1006]', async () => {
    const [ours, theirs, others] = [await Domain.create(), await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('open'), b: long('secret') });
    await ours.publish(commitId);
    await theirs.take(ours);
    const objectId = await excise(ours.store, long('secret'));
    await collectRemote(remoteOver(ours.memory.open(), 5), { store: ours.store, keptStates: 1 });
    expect(await ours.shared()).not.toContain(`datum ${objectId}`);
    expect(await ours.shared()).toContain(`datum ${idOfText(long('open'))}`);
    expect(await rejection(() => others.take(ours))).toBe('transfer_invalid excision_offered');
    await takeReference(remoteOver(ours.memory.open(), 9), {
      store: others.store,
      name: 'them',
      published: 'model',
      acceptExcisions: true,
    });
    expect(await findings(others.store)).toEqual([]);
    // Who has it keeps it, and goes on.
    await ours.publish(commitTo(ours.store, { a: long('more') }));
    await theirs.take(ours);
    expect(datumOf(theirs.store, long('secret'))).toBe(true);
  });
});
