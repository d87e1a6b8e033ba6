import { generateKeyPairSync } from 'node:crypto';
import {
  type CommitId,
  decodeRecord,
  type FederatedSnapshotRecord,
  type ReferenceId,
  type ReferenceRecord,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import {
  applyExcision,
  headRef,
  planExcision,
  referenceRef,
  runGc,
  type Store,
  verifyStore,
  type WithholdPolicy,
} from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { rejection } from '../../test/errors.ts';
import { joinRemote, memberOf } from '../../test/exchange.ts';
import { commitTo, excise, idOfText, newPlace, noise, openFixture, remoteOver } from '../../test/fixtures.ts';
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import { Killed, watchedFiles } from '../../test/watched-files.ts';
import { RemoteCache } from '../cache/remote-cache.ts';
import { collectRemote } from '../collect/collect.ts';
import { readAbsences } from '../format/absences.ts';
import { canonicalJson } from '../format/canonical-json.ts';
import { filePath } from '../format/file-path.ts';
import type { Publication } from '../format/publication.ts';
import { decodeState, encodeState } from '../format/state.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { type DomainSigner, domainSigner } from '../signatures/publication-signature.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { partsOf, putSnapshot, takeSnapshot } from './federated-snapshot.ts';
import { type PublishResult, publish } from './publish.ts';
import { readProof } from './reference-details.ts';
import { endReference, type TakeResult, takeReference } from './take-reference.ts';

/** A text that stands outside of its collection. */
const long = (text: string): string => text.padEnd(200, '.');

function newSigner(): DomainSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return domainSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
}

/** A domain: a repository, a key and a remote for what it publishes. */
class Domain {
  readonly signer = newSigner();
  readonly memory: MemoryRemote = new MemoryRemote();
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  static async create(): Promise<Domain> {
    return new Domain(await openFixture());
  }

  async publish(
    commitId: CommitId | null,
    options: {
      name?: string;
      policy?: WithholdPolicy;
      references?: ReadonlyMap<string, ReferenceId>;
      signer?: DomainSigner;
    } = {},
  ): Promise<PublishResult> {
    const { store, signer } = this;
    return await publish(remoteOver(this.memory.open(), 7), {
      store,
      name: 'model',
      commitId,
      signer,
      ...options,
    });
  }

  async take(
    from: Domain,
    options: { name?: string; published?: string; domain?: string } = {},
  ): Promise<TakeResult> {
    const { store } = this;
    return await takeReference(remoteOver(from.memory.open(), 9), {
      store,
      name: 'them',
      published: 'model',
      ...options,
    });
  }

  commitOf(name: string): CommitId | undefined {
    return this.store.getRef(referenceRef(name))?.commitId;
  }

  /** Changes what is published without the key of the domain, as whoever writes to the bucket may. */
  async tamper(change: (publication: Publication) => Publication, name = 'model'): Promise<void> {
    await advance(remoteOver(this.memory.open(), 11), async ({ state }) => ({
      reason: 'tampered',
      published: { ...state.published, [name]: change(state.published?.[name] as Publication) },
    }));
  }

  /** Lists the objects that any group of the remote has, as `class id`. */
  async shared(): Promise<Set<string>> {
    const files = this.memory.open();
    const { state } = await readSnapshot(files);
    const all = new Set<string>();
    for (const group of state.groups) {
      const index = await readIndex(files, group);
      for (let at = 0; index !== undefined && at < index.count; at += 1) {
        const row = index.row(at);
        all.add(`${row.class} ${row.id}`);
      }
    }
    return all;
  }
}

function datumOf(store: Store, text: string): boolean {
  return store.has('datum', idOfText(text));
}

async function findings(store: Store): Promise<string[]> {
  const found: string[] = [];
  await verifyStore(store, { onFinding: ({ code }) => void found.push(code) });
  return found;
}

describe('publishing', () => {
  it('is listed by its name, with the key that signs as its domain [DML-REM-1301] [DML-REM-1311]', async () => {
    const ours = await Domain.create();
    const first = commitTo(ours.store, { a: long('one') });
    const { publication } = await ours.publish(first);
    expect(publication).toMatchObject({
      commit: first,
      domain: ours.signer.domain,
      number: 1,
      references: {},
    });
    expect(ours.signer.domain).toMatch(/^did:key:z6Mk/);
    const second = commitTo(ours.store, { a: long('two') });
    await ours.publish(second);
    await ours.publish(first, { name: 'other' });
    const { published, refs } = (await readSnapshot(ours.memory.open())).state;
    expect(refs).toEqual({});
    expect(published).toMatchObject({
      model: { commit: second, number: 2 },
      other: { commit: first, number: 1 },
    });
    // What is published already is no change.
    const { sequence } = (await readSnapshot(ours.memory.open())).state;
    expect((await ours.publish(second)).publication).toEqual(published?.model);
    expect((await readSnapshot(ours.memory.open())).state.sequence).toBe(sequence);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(() => domainSigner(rsa.export({ type: 'pkcs8', format: 'pem' }), 'key.pem')).toThrow(
      expect.objectContaining({ code: 'signing_key_invalid' }),
    );
  });

  it('covers the closure of the commit, and nothing that is not published goes along [DML-REM-1302] [DML-REM-1303]', async () => {
    const ours = await Domain.create();
    const parent = commitTo(ours.store, { a: long('old') });
    const commitId = commitTo(ours.store, { a: long('one'), b: noise(200_000) });
    const internal = commitTo(ours.store, { secret: long('secret') }, { ref: headRef('work') });
    await ours.publish(commitId);
    const shared = await ours.shared();
    for (const id of [parent, commitId]) expect(shared).toContain(`commit ${id}`);
    expect(shared).not.toContain(`commit ${internal}`);
    expect(shared).not.toContain(`datum ${idOfText(long('secret'))}`);
    const theirs = await Domain.create();
    await theirs.take(ours);
    expect(theirs.commitOf('them')).toBe(commitId);
    expect(datumOf(theirs.store, long('old'))).toBe(true);
    expect(await findings(theirs.store)).toEqual([]);
    // Fetching takes branches, and there are none.
    const member = memberOf(await newPlace(), ours.memory);
    expect((await member.fetch()).moved).toEqual([]);
  });

  it('is refused on a remote with branches or outcomes [DML-REM-1302]', async () => {
    const remote = new MemoryRemote();
    const member = await joinRemote(remote);
    const commitId = commitTo(member.store, { a: 'one' });
    await member.push();
    const options = { store: member.store, name: 'model', commitId, signer: newSigner() };
    const internal = 'remote_purpose internal';
    expect(await rejection(() => publish(remoteOver(remote.open()), options))).toBe(internal);
    const cached = new MemoryRemote();
    const helper = joinCache(cached);
    const cache = new RemoteCache(helper.remote, {});
    const done = cache.publish(outcomesOf(helper.held, 1), helper.held);
    cache.flush();
    await done;
    expect(await rejection(() => publish(remoteOver(cached.open()), options))).toBe(internal);
  });

  it('keeps internal things off a remote with publications [DML-REM-1313] [DML-REM-1319]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    commitTo(ours.store, { secret: long('secret') });
    const before = await ours.shared();
    const { paths } = ours.memory;
    const member = memberOf({ store: ours.store, memory: (await newPlace()).memory }, ours.memory);
    expect(await rejection(() => member.push())).toBe('remote_purpose published');
    const helper = joinCache(ours.memory);
    const cache = new RemoteCache(helper.remote, {});
    const outcomes = cache.publish(outcomesOf(helper.held, 1), helper.held);
    cache.flush();
    expect(await rejection(() => outcomes)).toBe('remote_purpose published');
    expect(await ours.shared()).toEqual(before);
    expect(ours.memory.paths).toEqual(paths);
    // No state says both, whoever writes it.
    const { state } = await readSnapshot(ours.memory.open());
    expect(() => encodeState({ ...state, refs: { 'heads/main': commitId } })).toThrow(TypeError);
    const bytes = canonicalJson({ format: 1, ...state, refs: { 'heads/main': commitId } } as never);
    expect(() => decodeState(bytes, 'x', 'remote')).toThrow();
  });

  it('is refused under a name of another domain [DML-REM-1314]', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { a: long('one') });
    await ours.publish(commitId);
    const signer = newSigner();
    expect(await rejection(() => ours.publish(commitId, { signer }))).toBe('publication_foreign');
    expect(await rejection(() => ours.publish(null, { signer }))).toBe('publication_foreign');
    await ours.publish(commitId, { signer, name: 'others' });
    const { published } = (await readSnapshot(ours.memory.open())).state;
    expect(Object.values(published ?? {}).map(({ domain }) => domain)).toEqual([
      ours.signer.domain,
      signer.domain,
    ]);
  });

  it('refuses names that a ref may not have, and reads no others', async () => {
    const ours = await Domain.create();
    const commitId = commitTo(ours.store, { a: long('one') });
    for (const name of ['', '..', 'a b', '-x', 'a\u001b[31m', 'refs/heads/x', 'x'.repeat(300)])
      expect(await rejection(() => ours.publish(commitId, { name })), name).toMatch(/^ref_name_invalid/);
    // Names that mean something to the language are names like any other.
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const theirs = await Domain.create();
      expect(await rejection(() => theirs.take(ours, { published: name }))).toMatch(
        /publication_unknown|remote_missing/,
      );
    }
    await ours.publish(commitId, { name: 'constructor' });
    const theirs = await Domain.create();
    await theirs.take(ours, { published: 'constructor' });
    expect(theirs.commitOf('them')).toBe(commitId);
    const { state } = await readSnapshot(ours.memory.open());
    const hostile = { ...state, published: { 'a\u001b[31m': state.published?.constructor } };
    expect(() => encodeState(hostile as never)).toThrow(TypeError);
  });
});

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
    expect((await ours.publish(commitId)).objects).toBeGreaterThan(3);
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
    expect(await rejection(() => theirs.take(gone))).toBe('publication_unknown');
    await runGc(theirs.store);
    expect(theirs.commitOf('them')).toBe(commitId);
    expect(datumOf(theirs.store, long('one'))).toBe(true);
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

describe('publishing beside others', () => {
  it('takes the next number where another one was first [DML-REM-1311]', async () => {
    const ours = await Domain.create();
    const [first, second] = [
      commitTo(ours.store, { a: long('one') }),
      commitTo(ours.store, { a: long('two') }),
    ];
    let isMet = false;
    const files = watchedFiles(ours.memory.open(), async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'after' || isMet) return;
      isMet = true;
      await ours.publish(first);
    });
    const { publication } = await publish(remoteOver(files, 8), {
      store: ours.store,
      name: 'model',
      commitId: second,
      signer: ours.signer,
    });
    expect(publication).toMatchObject({ number: 2, commit: second });
    const theirs = await Domain.create();
    await theirs.take(ours);
    expect(theirs.commitOf('them')).toBe(second);
  });

  it('puts its files again where a collection came between', async () => {
    const ours = await Domain.create();
    await ours.publish(commitTo(ours.store, { a: long('one') }));
    const commitId = commitTo(ours.store, { a: long('two'), b: noise(60_000) });
    let isMet = false;
    const files = watchedFiles(ours.memory.open(), async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'after' || isMet) return;
      isMet = true;
      await collectRemote(remoteOver(ours.memory.open(), 5), { store: ours.store, keptStates: 1 });
      await collectRemote(remoteOver(ours.memory.open(), 6), { store: ours.store, keptStates: 1 });
    });
    await publish(remoteOver(files, 8), { store: ours.store, name: 'model', commitId, signer: ours.signer });
    const theirs = await Domain.create();
    await theirs.take(ours);
    expect(theirs.commitOf('them')).toBe(commitId);
    expect(await findings(theirs.store)).toEqual([]);
  });

  it('leaves what was published as it was wherever it is killed', async () => {
    for (let at = 0; ; at += 1) {
      const ours = await Domain.create();
      const first = commitTo(ours.store, { a: long('one') });
      await ours.publish(first);
      const second = commitTo(ours.store, { a: long('two'), b: noise(60_000) });
      const files = watchedFiles(ours.memory.open(), ({ number }) => {
        if (number >= at) throw new Killed();
      });
      const isThrough = await publish(remoteOver(files, 8), {
        store: ours.store,
        name: 'model',
        commitId: second,
        signer: ours.signer,
        policy: { blobsAboveBytes: 10_000 },
      }).then(
        () => true,
        () => false,
      );
      const theirs = await Domain.create();
      await theirs.take(ours);
      expect(theirs.commitOf('them')).toBe(isThrough ? second : first);
      if (isThrough) break;
      expect(at).toBeLessThan(50);
    }
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

describe('a federated snapshot', () => {
  it('is the same from the same parts, in any order and store [DML-REM-1307]', async () => {
    const [ours, theirs, others] = [await Domain.create(), await Domain.create(), await Domain.create()];
    const commitId = commitTo(ours.store, { a: long('one') });
    for (let at = 0; at < 30; at += 1) await ours.publish(commitId, { name: `model-${at}` });
    const heads: [string, CommitId][] = [];
    for (let at = 0; at < 30; at += 1)
      heads.push([`head-${at}`, commitTo(theirs.store, { a: `own ${at}` }, { ref: headRef(`head-${at}`) })]);
    for (let at = 0; at < 5; at += 1)
      await theirs.take(ours, { name: `them-${at}`, published: `model-${at}` });
    const parts = partsOf(theirs.store);
    const first = takeSnapshot(theirs.store);
    const reversed = { heads: [...parts.heads].reverse(), references: [...parts.references].reverse() };
    const elsewhere = others.store.transact('snapshot', (transaction) => putSnapshot(transaction, reversed));
    expect(elsewhere.snapshotId).toBe(first.snapshotId);
    expect(takeSnapshot(theirs.store).snapshotId).toBe(first.snapshotId);
    const read = decodeRecord(
      theirs.store.read('federated-snapshot', first.snapshotId),
      'federated-snapshot',
    ) as FederatedSnapshotRecord;
    const source = { getPage: (id: never) => theirs.store.get('page', id) };
    expect([...treeEntries('heads', read.heads, source)]).toHaveLength(30);
    expect([...treeEntries('references', read.references, source)].map(([name]) => name)).toEqual(
      [0, 1, 2, 3, 4].map((at) => `them-${at}`),
    );
    // Another part makes another one.
    commitTo(theirs.store, { a: 'more' });
    expect(takeSnapshot(theirs.store).snapshotId).not.toBe(first.snapshotId);
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
