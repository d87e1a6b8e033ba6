import { generateKeyPairSync } from 'node:crypto';
import type { CommitId, ExecutionKey, ObjectClass, ObjectId } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { Domain, datumOf, findings, long, newSigner } from '../../test/domain.ts';
import { rejection } from '../../test/errors.ts';
import { joinRemote, memberOf } from '../../test/exchange.ts';
import { commitTo, idOfText, MAIN, newPlace, noise, remoteOver } from '../../test/fixtures.ts';
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import { Killed, watchedFiles } from '../../test/watched-files.ts';
import { RemoteCache } from '../cache/remote-cache.ts';
import { collectRemote } from '../collect/collect.ts';
import { CommitSender } from '../exec-refs/commit-sender.ts';
import { ExecRefs } from '../exec-refs/exec-refs.ts';
import { canonicalJson } from '../format/canonical-json.ts';
import { decodeState, encodeState } from '../format/state.ts';
import { domainSigner } from '../signatures/publication-signature.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { memoryOfProcess } from '../state/state-memory.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { publish } from './publish.ts';
import { assertForPublications } from './remote-purpose.ts';

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

  it('is refused where the remote that is remembered is gone or went back [DML-REM-1888]', async () => {
    const { store } = await newPlace();
    const memory = memoryOfProcess();
    const remote = new MemoryRemote();
    const signer = newSigner();
    const publishTo = async (place: MemoryRemote, text: string, isDryRun = false): Promise<unknown> => {
      const commitId = commitTo(store, { a: text });
      const options = { store, name: 'model', commitId, signer, memory, remoteName: 'public', isDryRun };
      return await publish(remoteOver(place.open(), 3), options);
    };
    await publishTo(remote, 'one', true);
    expect(await memory.recall()).toBeUndefined();
    await publishTo(remote, 'one');
    const older = await readSnapshot(remote.open());
    await publishTo(remote, 'two');
    const empty = new MemoryRemote();
    for (const isDryRun of [true, false])
      await expect(publishTo(empty, 'three', isDryRun)).rejects.toMatchObject({
        code: 'remote_missing',
        detail: 'vanished',
        fields: { name: 'public', sequence: 1 },
      });
    expect(empty.paths).toEqual([]);
    const files = remote.open();
    const { version } = await readSnapshot(files);
    const { write, sequence } = older.state;
    const current = canonicalJson({ format: 1, sequence, state: older.name as string, write });
    await files.swap('CURRENT.json', version, current);
    await expect(publishTo(remote, 'three')).rejects.toMatchObject({ code: 'push_stale', detail: 'back' });
    expect((await readSnapshot(files)).name).toBe(older.name);
  });

  it('is refused on a remote with branches or outcomes [DML-REM-1302]', async () => {
    const remote = new MemoryRemote();
    const member = await joinRemote(remote);
    const commitId = commitTo(member.store, { a: 'one' });
    await member.push();
    const options = { store: member.store, name: 'model', commitId, signer: newSigner() };
    const internal = 'remote_purpose internal';
    expect(await rejection(() => publish(remoteOver(remote.open()), options))).toBe(internal);
    // Refs of which there are many stand in trees.
    const { state } = await readSnapshot(remote.open());
    const inTrees = { ...state, refs: {}, trees: { heads: 'f'.repeat(64) } } as never;
    await expect(assertForPublications(inTrees, remote.open())).rejects.toMatchObject({ detail: 'internal' });
    // Jobs of workers are in no state.
    const working = new MemoryRemote();
    const jobs = new ExecRefs(remoteOver(working.open()), { owner: 'ada', host: member.store });
    const executionUuid = '00000000-2222-4333-8444-555555555555';
    await jobs.post([{ executionUuid, commitId, key: 'ef'.repeat(32) as ExecutionKey, needs: {} }], {
      getBytes: (objectClass, id) => member.store.get(objectClass, id as ObjectId),
    });
    expect(await rejection(() => publish(remoteOver(working.open()), options))).toBe(internal);
    const cached = new MemoryRemote();
    const helper = joinCache(cached);
    const cache = new RemoteCache(helper.remote, {});
    const done = cache.publish(outcomesOf(helper.held, 1), helper.held);
    cache.flush();
    await done;
    expect(await rejection(() => publish(remoteOver(cached.open()), options))).toBe(internal);
  });

  it.each(['exec', 'results', 'claims'])(
    'is refused where work under way has left files in %s [DML-REM-1302]',
    async (folder) => {
      const remote = new MemoryRemote();
      const name = folder === 'claims' ? 'ef'.repeat(32) : '00000000-2222-4333-8444-555555555555';
      remote.plant(`${folder}/${name}.json`, Buffer.from('{}\n'));
      const ours = await newPlace();
      const commitId = commitTo(ours.store, { a: 'one' });
      const options = { store: ours.store, name: 'model', commitId, signer: newSigner() };
      expect(await rejection(() => publish(remoteOver(remote.open()), options))).toBe(
        'remote_purpose internal',
      );
      expect(remote.paths).toHaveLength(1);
    },
  );

  it('is refused where branches were before, since their commits may lie there still [DML-REM-1302]', async () => {
    const remote = new MemoryRemote();
    const member = await joinRemote(remote);
    commitTo(member.store, { secret: long('secret') });
    await member.push();
    await member.push([{ ref: MAIN, commitId: null }]);
    const commitId = commitTo(member.store, { a: 'one' }, { parents: [] });
    const options = { store: member.store, name: 'model', commitId, signer: newSigner() };
    const attempt = (): Promise<string> => rejection(() => publish(remoteOver(remote.open()), options));
    expect(await attempt()).toBe('remote_purpose internal');
    // A collection leaves the journal, which names them.
    await collectRemote(remoteOver(remote.open(), 5), { store: member.store });
    expect((await readSnapshot(remote.open())).state.groups).toEqual([]);
    expect(await attempt()).toBe('remote_purpose internal');
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
    const sender = new CommitSender(remoteOver(ours.memory.open(), 4));
    const source = {
      getBytes: (objectClass: ObjectClass, id: string) => ours.store.get(objectClass, id as ObjectId),
    };
    const secret = ours.store.getRef(headRef('main'))?.commitId as CommitId;
    expect(await rejection(() => sender.send([{ commitId: secret }], source))).toBe(
      'remote_purpose published',
    );
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
