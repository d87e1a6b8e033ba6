import {
  type CommitId,
  type ReferenceId,
  type ReferenceRecord,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { applyExcision, headRef, planExcision, referenceRef, runGc } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { Domain, datumOf, findings, long, newSigner } from '../../test/domain.ts';
import { rejection } from '../../test/errors.ts';
import { commitTo, idOfText, newPlace, noise, remoteOver } from '../../test/fixtures.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import { collectRemote } from '../collect/collect.ts';
import { filePath } from '../format/file-path.ts';
import type { Publication } from '../format/publication.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { endReference } from './end-reference.ts';
import { takeSnapshot } from './federated-snapshot.ts';
import { publish } from './publish.ts';
import { readProof } from './reference-details.ts';
import { takeReference } from './take-reference.ts';

describe('a reference', () => {
  it('names domain, commit and time, and shadows the one before [DML-REM-1305] [DML-REM-1308]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const first = commitTo(ours.store, { a: long('one') });
    await ours.publish(first);
    const one = await theirs.take(ours);
    expect(one.reference).toMatchObject({
      domain: ours.signer.domain,
      name: 'model',
      commitId: first,
      takenMs: 1_000_000,
      previousReferenceId: null,
    });
    const second = commitTo(ours.store, { a: long('two') }, { parents: [] });
    await ours.publish(second);
    const two = await theirs.take(ours);
    expect(theirs.commitOf('them')).toBe(second);
    expect(two.reference.previousReferenceId).toBe(one.referenceId);
    // Neither a collection takes what is shadowed.
    await runGc(theirs.store);
    expect(datumOf(theirs.store, long('one'))).toBe(true);
    expect(theirs.store.getRecord('reference', one.referenceId)).toEqual(one.reference);
    expect((await theirs.take(ours)).isChanged).toBe(false);
    expect(await findings(theirs.store)).toEqual([]);
  });

  it('keeps what it leads to when its remote is gone [DML-REM-1321]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    await theirs.take(ours);
    const gone = Object.assign(new Domain(ours.store), { memory: new MemoryRemote() });
    expect(await rejection(() => theirs.take(gone))).toBe('remote_missing');
    await runGc(theirs.store);
    expect(theirs.commitOf('them')).toBe(commitId);
    expect(datumOf(theirs.store, long('one'))).toBe(true);
  });

  it('is refused where there is no remote, and where one holds branches [DML-REM-1953]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    expect(await rejection(() => theirs.take(ours))).toBe('remote_missing');
    const commitId = commitTo(ours.store, { a: long('one') });
    const refs = { 'heads/main': commitId };
    await advance(remoteOver(ours.memory.open(), 3), async () => ({ reason: 'test', refs }));
    expect(await rejection(() => theirs.take(ours))).toBe('publication_unknown internal');
    expect(theirs.store.readReferences()).toEqual([]);
  });

  it('stands for the commit of its domain, and is moved by nothing else [DML-REM-1320] [DML-REM-1322]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    await theirs.take(ours);
    const { store } = theirs;
    const ref = referenceRef('them');
    expect(store.readRefs('references')).toMatchObject([{ name: ref, commitId }]);
    expect(store.readRefs().map(({ name }) => name)).toEqual([ref]);
    expect(store.refsAt(store.stateVersion()).size).toBe(0);
    const own = commitTo(store, { a: 'own' });
    for (const update of [
      { expected: commitId, next: own },
      { expected: commitId, next: null },
      { expected: null, next: own },
    ])
      expect(() =>
        store.updateRef({ ref: referenceRef('them'), ...update, actor: 'ada', reason: 'no' }),
      ).toThrow(expect.objectContaining({ code: 'ref_fixed', detail: 'reference' }));
    for (const object of [
      { class: 'commit', objectId: commitId },
      { class: 'reference', objectId: store.readReferences()[0]?.referenceId as ReferenceId },
    ] as const) {
      const plan = await planExcision(store, { objects: [object] });
      expect(plan.refs.map((each) => each.ref)).toEqual([ref]);
      expect(() => applyExcision(store, plan, { reason: 'no', message: '', actor: 'ada' })).toThrow(
        expect.objectContaining({ code: 'excision_refused' }),
      );
    }
  });

  it('is refused where the signature is not that of the domain [DML-REM-1312]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    const evil = commitTo(ours.store, { a: long('evil') });
    await ours.publish(commitId);
    await ours.publish(evil, { name: 'other' });
    const changes: ((publication: Publication) => Publication)[] = [
      (publication) => ({ ...publication, commit: evil }),
      (publication) => ({ ...publication, number: 5 }),
      (publication) => ({ ...publication, timeMs: 5 }),
      (publication) => ({ ...publication, domain: newSigner().domain }),
      ({ sig, ...publication }) => ({ ...publication, sig: `${sig.slice(0, 10)}AAAA${sig.slice(14)}` }),
      ({ sig: _, ...publication }) => newSigner().sign({ ...publication, name: 'model' }),
    ];
    for (const [at, change] of changes.entries()) {
      const domain = Object.assign(await Domain.create(), { signer: ours.signer });
      await publish(remoteOver(domain.memory.open()), {
        store: ours.store,
        name: 'model',
        commitId,
        signer: ours.signer,
      });
      await domain.tamper(change);
      expect(await rejection(() => theirs.take(domain)), String(at)).toBe('publication_untrusted signature');
    }
    // The publication of another name, under this one.
    const { published } = (await readSnapshot(ours.memory.open())).state;
    await ours.tamper(() => published?.other as Publication);
    expect(await rejection(() => theirs.take(ours))).toBe('publication_untrusted signature');
    expect(theirs.store.readReferences()).toEqual([]);
  });

  it('is refused from a domain with another key than at first, or than was given [DML-REM-1315]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    const given = newSigner().domain;
    expect(await rejection(() => theirs.take(ours, { domain: given }))).toBe('publication_untrusted key');
    await theirs.take(ours);
    const other = newSigner();
    await ours.tamper(({ sig: _, ...publication }) =>
      other.sign({ ...publication, name: 'model', domain: other.domain, number: 9 }),
    );
    expect(await rejection(() => theirs.take(ours))).toBe('publication_untrusted key');
    // Whoever was told of the new key says so.
    endReference({ store: theirs.store, name: 'them', actor: 'ada', nowMs: 1 });
    await theirs.take(ours, { domain: other.domain });
    expect(theirs.commitOf('them')).toBe(commitId);
  });

  it('is refused where its publication was moved back, or is not the one of its number [DML-REM-1317]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const first = commitTo(ours.store, { a: long('one') });
    const { publication } = await ours.publish(first);
    const second = commitTo(ours.store, { a: long('two') });
    const later = await ours.publish(second);
    await theirs.take(ours);
    await ours.tamper(() => publication);
    expect(await rejection(() => theirs.take(ours))).toBe('publication_untrusted older');
    const twin = ours.signer.sign({ ...later.publication, name: 'model', commit: first });
    await ours.tamper(() => twin);
    expect(await rejection(() => theirs.take(ours))).toBe('publication_untrusted other');
    expect(theirs.commitOf('them')).toBe(second);
    // Also across an end.
    endReference({ store: theirs.store, name: 'them', actor: 'ada', nowMs: 1 });
    await ours.tamper(() => publication);
    expect(await rejection(() => theirs.take(ours))).toBe('publication_untrusted older');
  });

  it('ends as one without a commit, by its holder or by its domain [DML-REM-1309]', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    const { referenceId } = await theirs.take(ours);
    const running = takeSnapshot(theirs.store);
    const ended = endReference({ store: theirs.store, name: 'them', actor: 'ada', nowMs: 5 });
    expect(ended.reference).toMatchObject({ commitId: null, takenMs: 5, previousReferenceId: referenceId });
    expect(theirs.commitOf('them')).toBeUndefined();
    expect(theirs.store.readRefs()).toEqual([]);
    // Later snapshots hold it in place of a commit, and what was referenced is kept.
    const { snapshot } = takeSnapshot(theirs.store);
    const source = { getPage: () => undefined };
    expect(treeGet('references', snapshot.references, 'them', source)?.[1]).toBe(ended.referenceId);
    expect(snapshot).not.toEqual(running.snapshot);
    await runGc(theirs.store);
    expect(datumOf(theirs.store, long('one'))).toBe(true);
    expect(() => endReference({ store: theirs.store, name: 'them', actor: 'ada', nowMs: 6 })).toThrow(
      expect.objectContaining({ code: 'reference_unknown' }),
    );
    const others = await Domain.create();
    await others.take(ours);
    await ours.publish(null);
    expect((await others.take(ours)).reference.commitId).toBeNull();
    expect(others.commitOf('them')).toBeUndefined();
    expect(await rejection(() => ours.publish(null))).toBe('publication_unknown');
    expect(await rejection(() => others.take(ours, { name: 'late' }))).toBe('publication_unknown');
    expect(others.store.readReferences()).toHaveLength(1);
  });

  it('is kept by the remote of its domain whatever is collected there [DML-REM-1306]', async () => {
    const ours = await Domain.create();
    const first = commitTo(ours.store, { a: long('one'), b: noise(50_000) });
    await ours.publish(first);
    const second = commitTo(ours.store, { a: long('two') }, { parents: [] });
    await ours.publish(second);
    await ours.publish(null);
    const before = await ours.shared();
    // Whoever collects need not have any of it.
    const { store } = await newPlace();
    for (let round = 0; round < 2; round += 1)
      await collectRemote(remoteOver(ours.memory.open(), 5), { store, keptStates: 1 });
    const after = await ours.shared();
    expect(after).toEqual(before);
    expect(after).toContain(`commit ${first}`);
    const { state } = await readSnapshot(ours.memory.open());
    for (const { segments } of state.groups)
      for (const { file } of segments)
        expect(await ours.memory.open().read(filePath('segments', file))).toBeDefined();
  });
});

describe('what whoever writes to the bucket can do', () => {
  it('ends in a refusal that leaves everything as it was', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    const datumId = idOfText(long('one')) as unknown as CommitId;
    const wrong: readonly (readonly [Partial<Publication>, string])[] = [
      // Ids of objects of another class, and of nothing.
      [{ commit: datumId }, 'remote_damaged incomplete'],
      [{ commit: 'f'.repeat(64) as CommitId }, 'remote_damaged incomplete'],
      [{ references: { a: commitId as unknown as ReferenceId } }, 'remote_damaged incomplete'],
      [{ references: { a: 'f'.repeat(64) as ReferenceId } }, 'remote_damaged incomplete'],
    ];
    for (const [change, expected] of wrong) {
      // The domain itself may be the one who does it.
      await ours.tamper(({ sig: _, ...publication }) =>
        ours.signer.sign({ ...publication, ...change, name: 'model', number: publication.number + 1 }),
      );
      expect(await rejection(() => theirs.take(ours)), JSON.stringify(change)).toBe(expected);
      await ours.tamper(({ sig: _, ...publication }) =>
        ours.signer.sign({
          ...publication,
          commit: commitId,
          references: {},
          name: 'model',
          number: publication.number + 1,
        }),
      );
    }
    expect(theirs.store.readRefs()).toEqual([]);
    expect(await findings(theirs.store)).toEqual([]);
    await theirs.take(ours);
    expect(theirs.commitOf('them')).toBe(commitId);
  });

  it('reads no more than a limit', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    await ours.publish(commitTo(ours.store, { a: noise(200_000) }));
    const limited = takeReference(remoteOver(ours.memory.open(), 9), {
      store: theirs.store,
      name: 'them',
      published: 'model',
      maxBytes: 100_000,
    });
    await expect(limited).rejects.toMatchObject({ code: 'remote_refused', detail: 'limit' });
    expect(theirs.store.readReferences()).toEqual([]);
  });
});

describe('two processes that take the same reference', () => {
  it('both know what became of it', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    let isMet = false;
    const files = watchedFiles(ours.memory.open(), async ({ operation }, phase) => {
      if (operation !== 'read' || phase === 'before' || isMet) return;
      isMet = true;
      await theirs.take(ours);
    });
    const late = takeReference(remoteOver(files, 3), {
      store: theirs.store,
      name: 'them',
      published: 'model',
    });
    // The other one was first, so this one finds it known or has lost to it.
    const end = await late.then(
      ({ isChanged }) => (isChanged ? 'taken twice' : 'known'),
      ({ code, detail }: { code: string; detail: string }) => `${code} ${detail}`,
    );
    expect(['known', 'reference_exists moved']).toContain(end);
    expect(theirs.commitOf('them')).toBe(commitId);
    expect(theirs.store.readReferences()).toMatchObject([{ reference: { previousReferenceId: null } }]);
  });
});

describe('references of references', () => {
  /** Three domains: the second has a reference to the first, which it publishes with its own commit. */
  async function chain(): Promise<{ first: Domain; second: Domain; third: Domain; commitId: CommitId }> {
    const [first, second, third] = [await Domain.create(), await Domain.create(), await Domain.create()];
    const commitId = commitTo(first.store, { a: long('first') });
    await first.publish(commitId);
    const { referenceId } = await second.take(first, { name: 'up' });
    const own = commitTo(second.store, { b: long('second') });
    await second.publish(own, { references: new Map([['up', referenceId]]) });
    return { first, second, third, commitId };
  }

  it('go along with what is published, and are in snapshots [DML-REM-1316]', async () => {
    const { first, second, third, commitId } = await chain();
    const { reference } = await third.take(second);
    const source = { getPage: () => undefined };
    const [[name, onwardId] = []] = [...treeEntries('references', reference.references, source)];
    expect(name).toBe('up');
    const onward = third.store.getRecord('reference', onwardId as ReferenceId);
    expect(onward).toMatchObject({ domain: first.signer.domain, commitId });
    expect(datumOf(third.store, long('first'))).toBe(true);
    const { snapshot, snapshotId } = takeSnapshot(third.store);
    expect(treeGet('references', snapshot.references, 'them', source)).toBeDefined();
    await runGc(third.store);
    expect(third.store.has('reference', onwardId as ReferenceId)).toBe(true);
    expect(third.store.has('federated-snapshot', snapshotId)).toBe(true);
    expect(await findings(third.store)).toEqual([]);
  });

  it('are refused where their own domain did not sign them [DML-REM-1316]', async () => {
    const { second, third } = await chain();
    const reference = second.store.readReferences()[0]?.reference as ReferenceRecord;
    const evil = commitTo(second.store, { a: long('evil') });
    const forged = second.store.transact('forge', (transaction) =>
      transaction.putRecord({ ...reference, commitId: evil }),
    );
    const own = second.store.getRef(headRef('main'))?.commitId as CommitId;
    await second.publish(own, { references: new Map([['up', forged]]) });
    expect(await rejection(() => third.take(second))).toBe('publication_untrusted onward');
    expect(third.store.readReferences()).toEqual([]);
  });
});

describe('the details of a reference', () => {
  it('hold what its domain has signed', async () => {
    const [ours, theirs] = [await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    const { publication } = await ours.publish(commitId);
    const { reference } = await theirs.take(ours);
    const source = {
      getPage: (id: never) => theirs.store.get('page', id),
      getDatum: (id: never) => theirs.store.getRecord('datum', id),
    };
    expect(readProof(reference, source)).toMatchObject({ number: 1, sig: publication.sig });
    expect(readProof({ detailsDatumId: null }, source)).toBeUndefined();
    expect(readProof({ detailsDatumId: idOfText(long('one')) }, source)).toBeUndefined();
  });
});
