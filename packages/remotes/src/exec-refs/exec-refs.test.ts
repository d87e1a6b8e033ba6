import { generateKeyPairSync } from 'node:crypto';
import { type CommitId, DmlError, type ExecutionKey, isDmlError } from '@daggerml/object-model';
import { execRef, type Store } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote } from '../../test/exchange.ts';
import { commitTo, openFixture, remoteOver } from '../../test/fixtures.ts';
import { type OnRequest, unanswered, type WatchedFiles, watchedFiles } from '../../test/watched-files.ts';
import { collectRemote } from '../collect/collect.ts';
import { type ExecRef, execRefPath } from '../format/exec-ref.ts';
import type { GroupEntry } from '../format/group.ts';
import type { Remote } from '../remote.ts';
import { type ExecSigner, execSigner, type TrustPolicy } from '../signatures/exec-signature.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { ExecRefs } from './exec-refs.ts';

const KEY = 'ef'.repeat(32) as ExecutionKey;

function uuid(number: number): string {
  return `${number}`.padStart(8, '0').concat('-2222-4333-8444-555555555555');
}

interface Party {
  readonly store: Store;
  readonly refs: ExecRefs;
  readonly files: WatchedFiles;
  readonly remote: Remote;
}

let parties = 0;

async function party(
  memory: MemoryRemote,
  options: {
    onRequest?: OnRequest;
    signer?: ExecSigner;
    trust?: TrustPolicy;
    offers?: ExecRef['needs'];
  } = {},
): Promise<Party> {
  const { onRequest, ...others } = options;
  parties += 1;
  const store = await openFixture();
  const files = watchedFiles(memory.open(), onRequest);
  const remote = remoteOver(files, parties);
  return { store, files, remote, refs: new ExecRefs(remote, { owner: 'ada', host: store, ...others }) };
}

function sourceOf(store: Store): Parameters<ExecRefs['post']>[1] {
  return { getBytes: (objectClass, id) => store.get(objectClass, id as never) };
}

async function post({ refs, store }: Party, number: number, commitId: CommitId): Promise<void> {
  await refs.post([{ executionUuid: uuid(number), commitId, key: KEY, needs: {} }], sourceOf(store));
}

function newSigner(): ExecSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
}

async function taken(to: Party, number: number): Promise<string | undefined> {
  const ref = await to.refs.read('exec', uuid(number));
  if (!ref?.commit) return undefined;
  await to.refs.take([{ executionUuid: uuid(number), commitId: ref.commit, groups: ref.groups }]);
  return to.store.getRef(execRef(uuid(number)))?.commitId;
}

function filesOf(groups: readonly GroupEntry[]): string[] {
  return groups.flatMap(({ index, segments }) => [
    `indexes/${index}.index`,
    ...segments.map(({ file }) => `segments/${file}.car`),
  ]);
}

describe('exec refs of a remote', () => {
  it('carry a commit with all that it reaches to somebody else [DML-REM-1808]', async () => {
    const memory = new MemoryRemote();
    const [from, to] = [await party(memory), await party(memory)];
    const large = new Uint8Array(300_000).fill(7);
    const commitId = commitTo(from.store, { one: 'text', two: large });
    await post(from, 1, commitId);
    expect(await taken(to, 1)).toBe(commitId);
    // Nothing is left out: what the ref reaches is whole.
    const again = await joinRemote(new MemoryRemote());
    expect(again.store.getRef(execRef(uuid(1)))).toBeUndefined();
    await expect(
      (async () => {
        for (const id of [commitId]) if (!to.store.has('commit', id)) throw new Error(`${id} is missing`);
        await post(to, 2, commitId);
      })(),
    ).resolves.toBeUndefined();
    // An object that is another one, or missing, is not taken, and the ref not moved.
    const other = commitTo(from.store, { one: 'another' });
    await post(from, 3, other);
    const ref = await to.refs.read('exec', uuid(3));
    const [segment = ''] = filesOf(ref?.groups ?? []).filter((path) => path.startsWith('segments/'));
    const bytes = (await memory.open().read(segment)) as Uint8Array;
    memory.plant(
      segment,
      bytes.map((byte, at) => (at === bytes.length - 3 ? byte ^ 1 : byte)),
    );
    const failure = await taken(to, 3).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isDmlError(failure) && ['remote_damaged', 'transfer_invalid'].includes(failure.code)).toBe(true);
    expect(to.store.getRef(execRef(uuid(3)))).toBeUndefined();
    memory.plant(segment, undefined);
    await expect(taken(to, 3)).rejects.toThrow('is gone');
    expect(to.store.getRef(execRef(uuid(3)))).toBeUndefined();
  });

  it('are taken several at a time, all of them or none', async () => {
    const memory = new MemoryRemote();
    const [from, to] = [await party(memory), await party(memory)];
    const commits = [1, 2, 3].map((number) => commitTo(from.store, { one: `text ${number}` }));
    for (const [at, commitId] of commits.entries()) await post(from, at, commitId);
    const refs = await Promise.all(commits.map((_, at) => to.refs.read('exec', uuid(at))));
    const wanted = refs.map((ref, at) => ({
      executionUuid: uuid(at),
      commitId: ref?.commit as CommitId,
      groups: ref?.groups ?? [],
    }));
    const [first, second, last] = wanted as [
      (typeof wanted)[number],
      (typeof wanted)[number],
      (typeof wanted)[number],
    ];
    await expect(to.refs.take([first, second, { ...last, groups: [] }])).rejects.toMatchObject({
      code: 'transfer_invalid',
    });
    for (const at of [0, 1, 2]) expect(to.store.getRef(execRef(uuid(at)))).toBeUndefined();
    await to.refs.take(wanted);
    expect([0, 1, 2].map((at) => to.store.getRef(execRef(uuid(at)))?.commitId)).toEqual(commits);
  });

  for (const phase of ['before', 'after'] as const)
    it(`are there once, also where an answer got lost ${phase} its effect [DML-REM-1803]`, async () => {
      const memory = new MemoryRemote();
      let isLosing = true;
      const from = await party(memory, {
        onRequest: ({ operation }, at) => {
          if (!isLosing || operation !== 'swap' || at !== phase) return;
          isLosing = false;
          throw unanswered();
        },
      });
      const commitId = commitTo(from.store, { one: 'text' });
      await post(from, 1, commitId);
      expect(isLosing).toBe(false);
      expect((await from.refs.read('exec', uuid(1)))?.commit).toBe(commitId);
      // Whoever posts it again finds it as it is.
      const other = await party(memory);
      await post(other, 1, commitTo(other.store, { one: 'another' }));
      expect((await from.refs.read('exec', uuid(1)))?.commit).toBe(commitId);
    });

  it('of a result keep the first one [DML-REM-1804]', async () => {
    const memory = new MemoryRemote();
    const worker = await party(memory);
    const snapshotId = commitTo(worker.store, { one: 'text' });
    const [first, second] = ['a', 'b'].map((text) =>
      commitTo(worker.store, { one: text }, { parents: [snapshotId] }),
    ) as [CommitId, CommitId];
    const answer = (commitId: CommitId): Promise<boolean> =>
      worker.refs.answer(
        { executionUuid: uuid(1), key: KEY },
        { commitId, snapshotId },
        sourceOf(worker.store),
      );
    expect([await answer(first), await answer(second)]).toEqual([true, false]);
    const problem = { code: 'timeout', reason: 'too long' };
    expect(
      await worker.refs.answer({ executionUuid: uuid(1), key: KEY }, { problem }, sourceOf(worker.store)),
    ).toBe(false);
    expect((await worker.refs.read('results', uuid(1)))?.commit).toBe(first);
    await worker.refs.answer({ executionUuid: uuid(2), key: KEY }, { problem }, sourceOf(worker.store));
    expect(await worker.refs.read('results', uuid(2))).toMatchObject({ commit: null, problem });
  });

  it('put each object once, before what names it [DML-REM-1806]', async () => {
    const memory = new MemoryRemote();
    const requests: string[] = [];
    const from = await party(memory, {
      onRequest: ({ operation, path }, phase) => {
        if (phase === 'before') requests.push(`${operation} ${path.replace(/\/.*/, '')}`);
      },
    });
    const large = new Uint8Array(200_000).map((_, at) => at % 251);
    await post(from, 1, commitTo(from.store, { one: 'text', large }));
    expect(requests.filter((each) => /^(put|swap)/.test(each))).toEqual([
      'put segments',
      'put indexes',
      'swap exec',
    ]);
    const sizes = async (number: number): Promise<number[]> =>
      ((await from.refs.read('exec', uuid(number)))?.groups ?? []).map(
        ({ segments }) => segments[0]?.bytes ?? 0,
      );
    await post(from, 2, commitTo(from.store, { other: 'text', large }));
    const [first] = await sizes(1);
    const second = await sizes(2);
    expect(first).toBeGreaterThan(200_000);
    // The large value lies in the group of the first, which the second names as well.
    expect(second).toContain(first);
    expect(second.reduce((sum, bytes) => sum + bytes, 0) - (first as number)).toBeLessThan(5_000);
    const to = await party(memory);
    expect(await taken(to, 2)).toBeDefined();
    // A commit that was sent needs nothing more.
    requests.length = 0;
    await post(from, 3, (await from.refs.read('exec', uuid(2)))?.commit as CommitId);
    expect(requests.filter((each) => each.startsWith('put'))).toEqual([]);
    expect(await taken(to, 3)).toBeDefined();
  });

  const large = new Uint8Array(200_000).map((_, at) => (at * at) % 251);

  /** Returns a source that has left out all chunks, and counts what it is asked to bring. */
  function partialSource(
    { store }: Party,
    has = false,
  ): { source: Parameters<ExecRefs['post']>[1]; asked: number[] } {
    const asked: number[] = [];
    let isHere = false;
    const source: Parameters<ExecRefs['post']>[1] = {
      getBytes: (objectClass, id) =>
        objectClass === 'chunk' && !isHere ? undefined : store.get(objectClass, id as never),
      missing: (objectClass, objectId) =>
        new DmlError({ code: 'object_withheld', message: `${objectClass} ${objectId}` }),
      bringChunks: async (chunkIds) => {
        asked.push(chunkIds.length);
        isHere = has;
      },
    };
    return { source, asked };
  }

  it('name where the remote has what was left out here [DML-REM-1820]', async () => {
    const memory = new MemoryRemote();
    const member = await joinRemote(memory);
    commitTo(member.store, { large });
    await member.push();
    const from = await party(memory);
    const { source, asked } = partialSource(from);
    const job = (number: number, commitId: CommitId) => ({
      executionUuid: uuid(number),
      commitId,
      key: KEY,
      needs: {},
    });
    const first = commitTo(from.store, { one: 'text', large });
    await from.refs.post([job(1, first)], source);
    // Nothing of it is put again, neither for the first job nor for the next.
    const segmentsOf = async (number: number): Promise<number[]> =>
      ((await from.refs.read('exec', uuid(number)))?.groups ?? []).flatMap(({ segments }) =>
        segments.map(({ bytes }) => bytes),
      );
    const isSmall = (bytes: number): boolean => bytes < 5_000;
    expect((await segmentsOf(1)).filter((bytes) => !isSmall(bytes))).toHaveLength(1);
    const second = commitTo(from.store, { two: 'text', large });
    await from.refs.post([job(2, second)], source);
    expect((await segmentsOf(2)).filter((bytes) => !isSmall(bytes))).toHaveLength(1);
    expect(asked).toEqual([]);
    // What came later is found too, also when an earlier state was read.
    const later = large.map((byte) => byte ^ 1);
    commitTo(member.store, { later });
    await member.push();
    const third = commitTo(from.store, { one: 'text', later });
    await from.refs.post([job(3, third)], source);
    expect(asked).toEqual([]);
    // A collection keeps it.
    const to = await party(memory);
    expect(await taken(to, 1)).toBe(first);
    await collectRemote(from.remote, { store: member.store, keptStates: 1 });
    for (const [number, commitId] of [
      [2, second],
      [3, third],
    ] as const)
      expect(await taken(to, number)).toBe(commitId);
    for (const link of to.store.iterateStubs()) expect(link).toBeUndefined();
  });

  it('bring what neither has from elsewhere, or refuse it [DML-REM-1821]', async () => {
    const memory = new MemoryRemote();
    const from = await party(memory);
    const commitId = commitTo(from.store, { one: 'text', large });
    const job = { executionUuid: uuid(1), commitId, key: KEY, needs: {} };
    const without = partialSource(from);
    const refused = await from.refs.post([job], without.source);
    expect([...refused]).toMatchObject([[uuid(1), { code: 'object_withheld' }]]);
    expect(without.asked).toHaveLength(1);
    expect(memory.paths.filter((path) => path.startsWith('exec/'))).toEqual([]);
    const { source, asked } = partialSource(from, true);
    await from.refs.post([job], source);
    // All chunks of a page together.
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBe(2);
    const to = await party(memory);
    expect(await taken(to, 1)).toBe(commitId);
  });

  it('are posted without those that lack something, at no further request [DML-REM-1851]', async () => {
    const memory = new MemoryRemote();
    const from = await party(memory);
    const commits = ['one', 'two', 'three', 'four'].map((text) =>
      commitTo(from.store, { text }, { parents: [] }),
    );
    const [first, , third] = commits.map((id) => from.store.getRecord('commit', id)?.treeId);
    const absent = new Set<string | undefined>([first, third]);
    const source: Parameters<ExecRefs['post']>[1] = {
      getBytes: (objectClass, id) => (absent.has(id) ? undefined : from.store.get(objectClass, id as never)),
      // One was left out, and the other is missing.
      missing: (_, objectId) =>
        new DmlError({ code: objectId === first ? 'object_withheld' : 'object_missing', message: objectId }),
    };
    const jobs = commits.map((commitId, at) => ({ executionUuid: uuid(at), commitId, key: KEY, needs: {} }));
    // The clock of the remote is asked once.
    await post(from, 9, commitTo(from.store, { text: 'zero' }));
    from.files.requests.length = 0;
    const refused = await from.refs.post(jobs, source);
    expect([...refused]).toMatchObject([
      [uuid(0), { code: 'object_withheld' }],
      [uuid(2), { code: 'remote_refused', detail: 'incomplete' }],
    ]);
    // A remote without a state is looked into for files of others.
    const requests = from.files.requests.filter((each) => !each.startsWith('list'));
    expect(requests.map((each) => each.replace(/[/.].*$/, ''))).toEqual([
      'readVersion CURRENT',
      'put segments',
      'put indexes',
      'swap exec',
      'swap exec',
    ]);
    const to = await party(memory);
    for (const [at, commitId] of commits.entries())
      expect(await taken(to, at)).toBe(at % 2 === 0 ? undefined : commitId);
    // A result is whole or none.
    const result = { commitId: commits[0] as CommitId, snapshotId: commits[1] as CommitId };
    await expect(
      from.refs.answer({ executionUuid: uuid(1), key: KEY }, result, source),
    ).rejects.toMatchObject({ code: 'object_withheld' });
  });

  it('ask once in a minute for what is not to be had [DML-REM-1852]', async () => {
    const memory = new MemoryRemote();
    let nowMs = 5_000_000;
    const store = await openFixture();
    const remote = remoteOver(memory.open(), 99);
    const clock = { ...remote.clock, now: () => nowMs };
    const refs = new ExecRefs({ ...remote, clock }, { owner: 'ada', host: store });
    let asked = 0;
    let read = 0;
    const source: Parameters<ExecRefs['post']>[1] = {
      getBytes: (objectClass, id) => {
        if (objectClass === 'datum') read += 1;
        return objectClass === 'chunk' ? undefined : store.get(objectClass, id as never);
      },
      bringChunks: async ([id]) => {
        asked += 1;
        throw new DmlError({ code: 'object_withheld', message: `nobody has ${id}` });
      },
    };
    let number = 0;
    const postSome = async (): Promise<number> => {
      const jobs = ['one', 'two', 'three'].map((text) => {
        number += 1;
        const commitId = commitTo(store, { text: `${text} ${number}`, large });
        return { executionUuid: uuid(number), commitId, key: KEY, needs: {} };
      });
      return (await refs.post(jobs, source)).size;
    };
    const seen: number[] = [];
    for (const passedMs of [0, 1, 59_998, 1, 59_999]) {
      nowMs += passedMs;
      read = 0;
      seen.push(await postSome(), asked);
      // What lacks something is looked at once for all that are posted together.
      expect(read).toBe(1);
    }
    expect(seen).toEqual([3, 1, 3, 1, 3, 1, 3, 2, 3, 2]);
    // What has come by another way is taken at once; and any other error is one of the remote.
    source.getBytes = (objectClass, id) => store.get(objectClass, id as never);
    expect([await postSome(), asked]).toEqual([0, 2]);
    const later = commitTo(store, { other: large.map((byte) => byte ^ 3) });
    source.getBytes = (objectClass, id) =>
      objectClass === 'chunk' ? undefined : store.get(objectClass, id as never);
    source.bringChunks = async () => {
      throw new DmlError({ code: 'store_full', message: 'no space' });
    };
    const job = { executionUuid: uuid(90), commitId: later, key: KEY, needs: {} };
    await expect(refs.post([job], source)).rejects.toMatchObject({ code: 'store_full' });
  });

  it('of a result say what its worker offers [DML-REM-1850]', async () => {
    const memory = new MemoryRemote();
    const offers = { gpu: 2, linux: true } as const;
    const [worker, plain] = [await party(memory, { offers }), await party(memory)];
    const snapshotId = commitTo(plain.store, { one: 'text' });
    const needs = { gpu: 1 };
    await plain.refs.post(
      [{ executionUuid: uuid(1), commitId: snapshotId, key: KEY, needs }],
      sourceOf(plain.store),
    );
    const answer = (each: Party, number: number): Promise<boolean> =>
      each.refs.answer(
        { executionUuid: uuid(number), key: KEY },
        { problem: { code: 'timeout', reason: 'too long' } },
        sourceOf(each.store),
      );
    await answer(worker, 1);
    await answer(plain, 2);
    expect([
      (await plain.refs.read('exec', uuid(1)))?.needs,
      (await plain.refs.read('results', uuid(1)))?.needs,
      (await plain.refs.read('results', uuid(2)))?.needs,
    ]).toEqual([needs, offers, {}]);
  });

  it('put everything again in a new epoch [DML-REM-1807]', async () => {
    const memory = new MemoryRemote();
    const member = await joinRemote(memory);
    commitTo(member.store, { one: 'history' });
    await member.push();
    const from = await party(memory);
    const commitId = commitTo(from.store, { one: 'text' });
    await post(from, 1, commitId);
    await from.refs.remove([uuid(1)]);
    await collectRemote(from.remote, { store: member.store });
    await post(from, 2, commitId);
    const to = await party(memory);
    expect(await taken(to, 2)).toBe(commitId);
  });

  it('are signed by the key that there is, and trusted by the policy [DML-REM-1809] [DML-REM-1810]', async () => {
    const memory = new MemoryRemote();
    const [signer, other] = [newSigner(), newSigner()];
    const from = await party(memory, { signer });
    const commitId = commitTo(from.store, { one: 'text' });
    await post(from, 1, commitId);
    const unsigned = await party(memory);
    await post(unsigned, 2, commitTo(unsigned.store, { one: 'text' }));
    const [signed, plain] = [await from.refs.read('exec', uuid(1)), await from.refs.read('exec', uuid(2))];
    if (!signed || !plain) throw new Error('an exec ref is missing');
    expect([signed.signature?.signer, plain.signature]).toEqual([signer.signer, undefined]);
    const verdicts = async (trust?: TrustPolicy): Promise<boolean[]> => {
      const { refs } = await party(memory, { ...(trust && { trust }) });
      const forged = { ...plain, signature: signed.signature };
      return [signed, plain, forged].map((ref) => refs.isTrusted(ref));
    };
    expect(await verdicts()).toEqual([true, true, true]);
    expect(await verdicts({ keys: [signer.signer], unsigned: false })).toEqual([true, false, false]);
    expect(await verdicts({ keys: [other.signer], unsigned: false })).toEqual([false, false, false]);
    expect(await verdicts({ keys: [], unsigned: true })).toEqual([true, true, true]);
    // The own key is trusted; and an exec of the same id would not be.
    const own = await party(memory, { signer, trust: { keys: [], unsigned: false } });
    expect(own.refs.isTrusted(signed)).toBe(true);
    expect(own.refs.isTrusted({ ...signed, signature: signer.sign(commitId as never) })).toBe(false);
    // A problem says nothing that could be wrong.
    const problem = { code: 'timeout', reason: 'too long' };
    expect(own.refs.isTrusted({ ...plain, commit: null, problem })).toBe(true);
  });
});

describe('a collection of a remote with exec refs', () => {
  it('keeps the files that they name [DML-REM-1811]', async () => {
    const memory = new MemoryRemote();
    const member = await joinRemote(memory);
    commitTo(member.store, { one: 'history' });
    await member.push();
    const from = await party(memory);
    const snapshotId = commitTo(from.store, { one: 'text' });
    await post(from, 1, snapshotId);
    const result = commitTo(from.store, { one: 'result' }, { parents: [snapshotId] });
    const job = { executionUuid: uuid(1), key: KEY };
    await from.refs.answer(job, { commitId: result, snapshotId }, sourceOf(from.store));
    for (let times = 0; times < 3; times += 1)
      await collectRemote(from.remote, { store: member.store, keptStates: 1 });
    const to = await party(memory);
    expect(await taken(to, 1)).toBe(snapshotId);
    const ref = await to.refs.read('results', uuid(1));
    await to.refs.take([{ executionUuid: uuid(1), commitId: result, groups: ref?.groups ?? [] }]);
    expect(to.store.getRef(execRef(uuid(1)))?.commitId).toBe(result);
    // Without them the files go.
    const named = filesOf(ref?.groups ?? []);
    await from.refs.remove([uuid(1)]);
    await collectRemote(from.remote, { store: member.store, keptStates: 1 });
    expect(memory.paths.filter((path) => named.includes(path) || path.includes(uuid(1)))).toEqual([]);
  });

  it('removes jobs that are too old, and results without a job [DML-REM-1812]', async () => {
    let nowMs = 1_000_000_000_000;
    const memory = new MemoryRemote({ nowMs: () => nowMs });
    const member = await joinRemote(memory);
    commitTo(member.store, { one: 'history' });
    await member.push();
    const commitOf = (each: Party): CommitId => commitTo(each.store, { one: 'text' });
    const old = await party(memory);
    await post(old, 1, commitOf(old));
    nowMs += 60_000;
    const young = await party(memory);
    await post(young, 2, commitOf(young));
    const problem = { code: 'timeout', reason: 'too long' };
    const answer = (number: number): Promise<boolean> =>
      young.refs.answer({ executionUuid: uuid(number), key: KEY }, { problem }, sourceOf(young.store));
    await answer(2);
    await answer(3);
    nowMs += 30 * 24 * 3_600_000 - 60_000;
    const left = async (): Promise<string[]> => {
      await collectRemote(young.remote, { store: member.store });
      return memory.paths.filter((path) => /^(exec|results)/.test(path));
    };
    expect(await left()).toEqual(
      [1, 2].map((number) => execRefPath('exec', uuid(number))).concat(execRefPath('results', uuid(2))),
    );
    nowMs += 1;
    expect(await left()).toEqual([execRefPath('exec', uuid(2)), execRefPath('results', uuid(2))]);
  });
});
