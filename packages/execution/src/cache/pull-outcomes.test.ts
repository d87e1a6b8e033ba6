import { generateKeyPairSync } from 'node:crypto';
import type { ExecutionKey } from '@daggerml/object-model';
import {
  execSigner,
  RemoteCache,
  type RemoteCacheOptions,
  type RemoteFiles,
  remoteError,
  systemRemote,
} from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { headRef, ifReadable, runGc, type Store, verifyStore } from '@daggerml/store';
import { describe, expect, it, vi } from 'vitest';
import {
  type CallFacts,
  commitCalls,
  commitExecs,
  type KeptCall,
  keepFunction,
  openFixture,
  putCall,
} from '../../test/kept-world.ts';
import { keptCalls } from './kept-calls.ts';
import { OutcomePull, type PullCounts, type PullOutcomesOptions } from './pull-outcomes.ts';

// Many outcomes, on machines that do other work as well.
vi.setConfig({ testTimeout: 300_000 });

/** Publishes what a branch of a store has. */
async function publish(
  memory: MemoryRemote,
  store: Store,
  options: RemoteCacheOptions = {},
  branch = 'main',
): Promise<Awaited<ReturnType<RemoteCache['publishKept']>>> {
  const cache = new RemoteCache(systemRemote(memory.open(), 'test'), options);
  const commitIds = [store.getRef(headRef(branch))?.commitId as never];
  const { outcomes } = await keptCalls(store, { commitIds });
  return await cache.publishKept(outcomes, {
    getBytes: (objectClass, id) => ifReadable(() => store.get(objectClass, id as never)),
  });
}

/** A store whose branch has some calls, which were published. */
async function published(memory: MemoryRemote, facts: readonly CallFacts[]): Promise<Store> {
  const store = await openFixture();
  commitCalls(store, facts);
  await publish(memory, store);
  return store;
}

interface Pulled {
  readonly counts: Readonly<PullCounts>;
  readonly requests: readonly string[];
}

type Around = Partial<PullOutcomesOptions> &
  Pick<RemoteCacheOptions, 'trust'> & {
    /** Called before each request; what it throws is what the request fails with. */
    readonly onRequest?: (path: string, number: number) => void;
  };

async function pull(
  memory: MemoryRemote,
  store: Store,
  { trust, onRequest, ...around }: Around = {},
): Promise<Pulled> {
  const files = memory.open();
  const requests: string[] = [];
  const note = (path: string): void => {
    onRequest?.(path, requests.length);
    requests.push(path);
  };
  const watched: RemoteFiles = {
    ...files,
    read: (path, range) => {
      note(path);
      return files.read(path, range);
    },
    readVersion: (path, version) => {
      note(path);
      return files.readVersion(path, version);
    },
  };
  const cache: RemoteCache = new RemoteCache(systemRemote(watched, 'test'), {
    trust,
    readsAllEntries: true,
    onUntrusted: (_signer, key) => void pulling.noteUntrusted(key),
  });
  const pulling: OutcomePull = new OutcomePull({
    store,
    cache,
    remoteName: 'origin',
    actor: 'test',
    nowMs: () => 1,
    ...around,
  });
  return { counts: await pulling.run(), requests };
}

/** Checks that a store holds whole outcomes alone, and keeps them through a collection. */
async function expectWhole(store: Store, keys: readonly ExecutionKey[]): Promise<void> {
  await runGc(store);
  expect((await verifyStore(store)).findings).toBe(0);
  for (const key of keys) expect(store.cacheEntries(key)).toHaveLength(1);
}

async function taker(): Promise<Store> {
  const store = await openFixture();
  keepFunction(store);
  return store;
}

const none = { present: 0, unwanted: 0, untrusted: 0, incomplete: 0 };

describe('a pull of outcomes', () => {
  it('takes 20,000 of them with few requests [DML-REM-1838]', async () => {
    const memory = new MemoryRemote();
    const facts = Array.from({ length: 20_000 }, (_, at) => ({
      input: `input ${at}`,
      value: `${at} ${'x'.repeat(400)}`,
    }));
    await published(memory, facts);
    const { counts, requests } = await pull(memory, await taker());
    expect(counts).toMatchObject({ ...none, outcomes: 20_000 });
    expect(counts.bytes).toBeGreaterThan(20_000 * 700);
    expect(requests.length).toBeLessThanOrEqual(60);
  });

  it('takes none of them again, and a success in the place of a failure [DML-REM-1839]', async () => {
    const memory = new MemoryRemote();
    const ours = await published(memory, [{ input: 'a' }, { input: 'b' }]);
    const store = await taker();
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 2 });
    const again = await pull(memory, store);
    expect(again.counts).toMatchObject({ ...none, outcomes: 0, present: 2, bytes: 0 });
    expect(again.requests.filter((path) => path.startsWith('segments/'))).toEqual([]);
    commitCalls(ours, [{ input: 'late', status: 'error' }]);
    await publish(memory, ours);
    expect((await pull(memory, store)).counts).toMatchObject({ outcomes: 1, present: 2 });
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 0, present: 3 });
    commitCalls(ours, [{ input: 'late', value: 'at last' }]);
    await publish(memory, ours);
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 1, present: 2 });
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 0, present: 3 });
  });

  it('takes what a look-up would answer: whole, as its id says, and trusted [DML-REM-1833]', async () => {
    const memory = new MemoryRemote();
    const { privateKey } = generateKeyPairSync('ed25519');
    const signer = execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 'test');
    const ours = await openFixture();
    const signed = commitCalls(ours, [{ input: 'signed' }]);
    await publish(memory, ours, { signer });
    const unsigned = commitCalls(ours, [{ input: 'not signed' }]);
    await publish(memory, ours);
    const store = await taker();
    const trust = { keys: [signer.signer], unsigned: false };
    const { counts } = await pull(memory, store, { trust });
    expect(counts).toMatchObject({ ...none, outcomes: 1, untrusted: 1 });
    await expectWhole(
      store,
      signed.map(({ key }) => key),
    );
    expect(store.cacheEntries(unsigned[0]?.key ?? '')).toEqual([]);
    expect([...store.cacheOrigins(signed[0]?.key ?? '').values()]).toEqual(['origin']);
    // A segment with wrong bytes: nothing of it is taken.
    const torn = new MemoryRemote();
    await published(torn, [{ input: 'torn' }]);
    const [path = ''] = torn.paths.filter((each) => each.startsWith('segments/'));
    const bytes = Uint8Array.from((await torn.open().read(path)) as Uint8Array);
    bytes.fill(7, 60);
    torn.plant(path, bytes);
    expect((await pull(torn, store)).counts).toMatchObject({ ...none, outcomes: 0, incomplete: 1 });
    await expectWhole(store, []);
  });

  it('takes input values where the cache has them, and else leaves the outcome out [DML-REM-1834]', async () => {
    const memory = new MemoryRemote();
    const large = 'x'.repeat(70_000);
    const ours = await published(memory, [
      { input: 'small' },
      { input: large, value: 'of the large one' },
      // One of them has as its value what another one takes.
      { input: 'next', value: `${large} and more` },
      { input: `${large} and more`, value: 'of both' },
    ]);
    const store = await taker();
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 3, incomplete: 1 });
    await expectWhole(store, []);
    // Whoever has the value, as fetching the branch brings it, takes the rest.
    commitCalls(store, [{ input: large, functionName: 'g' }], 'fetched');
    expect((await pull(memory, store)).counts).toMatchObject({ outcomes: 1, present: 3, incomplete: 0 });
    const { outcomes } = await keptCalls(ours, {
      commitIds: [ours.getRef(headRef('main'))?.commitId as never],
    });
    await expectWhole(
      store,
      outcomes.slice(0, 4).map(({ executionKey }) => executionKey),
    );
  });

  it('takes the outcomes of functions that are here, or that are chosen', async () => {
    const memory = new MemoryRemote();
    const ours = await published(memory, [
      { input: 'a' },
      { input: 'b', functionName: 'g' },
      { input: 'c', functionName: 'h' },
    ]);
    const store = await taker();
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 1, unwanted: 2 });
    keepFunction(store, 'g');
    keepFunction(store, 'h');
    const { functionIds } = await keptCalls(store, {
      commitIds: [store.getRef(headRef('of-g'))?.commitId as never],
    });
    expect((await pull(memory, store, { functionIds })).counts).toMatchObject({
      outcomes: 1,
      present: 1,
      unwanted: 1,
    });
    await expectWhole(store, []);
    expect(ours.isReadOnly).toBe(false);
  });

  it('keeps all outcomes of a node that has several [DML-REM-1836]', async () => {
    const memory = new MemoryRemote();
    const ours = await openFixture();
    // A call of another one, which has had different outcomes.
    const [first, second] = ['one', 'other'].map((input, at) =>
      ours.transact('test', (transaction) => {
        const { nodeId } = putCall(transaction, { input: 'a', functionName: 'g', value: input });
        const call = putCall(transaction, { input, inputNodeId: nodeId });
        commitExecs(transaction, [call], at === 0 ? 'main' : 'other');
        return call;
      }),
    ) as [KeptCall, KeptCall];
    expect([first.nodeId, first.key === second.key]).toEqual([second.nodeId, false]);
    await publish(memory, ours);
    await publish(memory, ours, {}, 'other');
    const store = await taker();
    expect((await pull(memory, store)).counts).toMatchObject({ ...none, outcomes: 2 });
    await expectWhole(store, [first.key, second.key]);
    expect(store.readRefs('index')).toHaveLength(1);
  });

  it('has whole outcomes wherever it is cut, and another one takes the rest [DML-REM-1837]', async () => {
    const memory = new MemoryRemote();
    const facts = Array.from({ length: 900 }, (_, at) => ({
      input: `input ${at}`,
      value: `${at} ${'x'.repeat(9_000)}`,
    }));
    await published(memory, facts);
    const { requests } = await pull(memory, await taker());
    const taken = new Set<number>();
    for (let cut = 0; cut < requests.length; cut += 1) {
      const store = await taker();
      const failure = remoteError('remote_unreachable', { remote: 'memory', operation: 'read' });
      const onRequest = (_path: string, number: number): void => {
        if (number === cut) throw failure;
      };
      await expect(pull(memory, store, { onRequest })).rejects.toMatchObject({ code: 'remote_unreachable' });
      await expectWhole(store, []);
      const { counts } = await pull(memory, store);
      expect(counts.outcomes + counts.present).toBe(900);
      taken.add(counts.present);
    }
    expect(taken.size).toBeGreaterThan(1);
    // The user ends it.
    const store = await taker();
    const ending = new AbortController();
    const onProgress = (): void => ending.abort(new Error('enough'));
    await expect(pull(memory, store, { signal: ending.signal, onProgress })).rejects.toThrow('enough');
    await expectWhole(store, []);
    expect((await pull(memory, store)).counts).toMatchObject({ present: 256, outcomes: 644 });
  });

  it('of a dry run counts the same and changes nothing', async () => {
    const memory = new MemoryRemote();
    await published(memory, [{ input: 'a' }, { input: 'b' }]);
    const store = await taker();
    const before = store.stateVersion();
    const dry = await pull(memory, store, { isDryRun: true });
    expect(store.stateVersion()).toBe(before);
    expect(store.readRefs('index')).toEqual([]);
    const { counts } = await pull(memory, store);
    expect(dry.counts).toEqual(counts);
  });
});
