import { generateKeyPairSync } from 'node:crypto';
import type { ExecId } from '@daggerml/object-model';
import {
  domainSigner,
  type ExecSigner,
  execSigner,
  publish,
  type Remote,
  type RemoteFiles,
  systemRemote,
  type TrustPolicy,
} from '@daggerml/remotes';
import { ignoringConditions, MemoryRemote } from '@daggerml/remotes/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, Workspace } from '../../test/workspace.ts';
import type { RunNode } from '../run/run-node.ts';
import { RemoteSharedCache, type RemoteSharedCacheOptions } from './remote-cache.ts';
import { RemoteClaimStore } from './remote-claims.ts';
import { remoteSharing } from './remote-sharing.ts';
import type { SharedCache } from './shared-cache.ts';
import { TieredCache } from './tiered-cache.ts';

const functions = {
  half: (n: number) => n / 2,
  list: (n: number) => Array.from({ length: n }, (_, index) => `entry ${index}`),
  sum: (numbers: unknown[]) => numbers.length,
  same: (value: unknown) => value,
  fail: () => {
    throw new Error('no');
  },
};

const parties: Workspace[] = [];
afterEach(async () => {
  for (const workspace of parties.splice(0)) await workspace.close();
});

/** Files of a remote that count their requests. */
function counted(files: RemoteFiles): { readonly files: RemoteFiles; readonly requests: string[] } {
  const requests: string[] = [];
  const note = <Method extends (...args: never[]) => unknown>(name: string, method: Method): Method =>
    ((...args: never[]) => {
      requests.push(`${name} ${String(args[0] ?? '').replace(/\/.*/, '/')}`);
      return method(...args);
    }) as Method;
  return {
    requests,
    files: {
      ...files,
      read: note('read', files.read),
      put: note('put', files.put),
      readVersion: note('readVersion', files.readVersion),
      swap: note('swap', files.swap),
      now: note('now', files.now),
    },
  };
}

/** Creates an empty repository whose runs share a remote; its requests are counted. */
async function party(
  memory: MemoryRemote,
  { isClaiming = false, isWritable = true }: { isClaiming?: boolean; isWritable?: boolean } = {},
): Promise<{ readonly workspace: Workspace; readonly requests: string[]; readonly remote: Remote }> {
  const { files, requests } = counted(memory.open());
  const remote = systemRemote(files, 'test');
  const cache = new RemoteSharedCache(remote, { isWritable, refreshMs: 0 });
  const claims = isClaiming
    ? new RemoteClaimStore(remote, {
        owner: 'test',
        afterMs: 30,
        isProven: async () => true,
        hasOutcome: (...asked) => cache.mayHave(...asked),
      })
    : undefined;
  const workspace = await Workspace.memory({ functions }, { sharing: { cache, claims, claimAfterMs: 0 } });
  parties.push(workspace);
  return { workspace, requests, remote };
}

/** Runs a pipeline of some stages and returns its last node. */
async function pipeline(workspace: Workspace, count: number): Promise<{ node: RunNode; value: unknown }> {
  const run = workspace.begin();
  const halves = Array.from({ length: count }, (_, index) => run.ask('half', [index]));
  const lists = Array.from({ length: 5 }, (_, index) => run.ask('list', [index * 100]));
  const again = lists.map((node) => run.ask('same', [node]));
  for (const node of halves) await run.outcome(node);
  const node = run.ask('sum', [again[4] as RunNode]);
  const value = await run.outcome(node);
  await run.open.close();
  return { node, value };
}

describe('two repositories that share a remote', () => {
  it('run a pipeline once: the second one, with an empty store, executes nothing [DML-REM-1236]', async () => {
    const memory = new MemoryRemote();
    const [one, other] = [await party(memory), await party(memory)];
    const first = await pipeline(one.workspace, 50);
    expect(one.workspace.adapter.asked.length).toBe(61);
    const second = await pipeline(other.workspace, 50);
    expect(other.workspace.adapter.asked).toEqual([]);
    expect([second.value, second.node.execId]).toEqual([first.value, first.node.execId]);
    expect(other.workspace.dangling(second.node.execId as ExecId)).toEqual([]);
    expect(other.workspace.events.filter(({ type }) => type === 'sharing-failed')).toEqual([]);
    const outcomesIn = ({ workspace }: typeof one): string[] =>
      workspace.events.flatMap((event) =>
        event.type === 'call-finished' ? [`${event.outcome} ${event.origin}`] : [],
      );
    expect(outcomesIn(other)).toEqual(Array.from({ length: 61 }, () => 'cached memory'));
    expect(outcomesIn(one)).toEqual(Array.from({ length: 61 }, () => 'executed undefined'));
    // Known here by now.
    await pipeline(other.workspace, 50);
    expect(outcomesIn(other)).toEqual(Array.from({ length: 61 }, () => 'cached undefined'));
  });

  it('ask together, so that thousands of cached calls take few requests before the first value', async () => {
    const memory = new MemoryRemote();
    const [one, other] = [await party(memory), await party(memory)];
    const run = one.workspace.begin();
    const nodes = Array.from({ length: 2_000 }, (_, index) => run.ask('half', [index]));
    await run.outcome(nodes.at(-1) as RunNode);
    await run.open.close();
    const again = other.workspace.begin();
    const others = Array.from({ length: 2_000 }, (_, index) => again.ask('half', [index]));
    expect(await again.outcome(others[0] as RunNode)).toBe(0);
    expect(other.requests.length).toBeLessThanOrEqual(30);
    for (const node of others) await again.outcome(node);
    expect(other.workspace.adapter.asked).toEqual([]);
    expect(other.requests.length).toBeLessThanOrEqual(30);
    await again.open.close();
  });

  it('rebuild an outcome that has lost bytes, for both', async () => {
    const memory = new MemoryRemote();
    const [one, other, third] = [await party(memory), await party(memory), await party(memory)];
    await pipeline(one.workspace, 3);
    for (const path of memory.paths.filter((each) => each.startsWith('segments/')))
      memory.plant(path, undefined);
    await pipeline(other.workspace, 3);
    expect(other.workspace.adapter.asked).toHaveLength(14);
    await pipeline(third.workspace, 3);
    expect(third.workspace.adapter.asked).toEqual([]);
  });

  it('write nothing to a cache that they only read [DML-REM-1225]', async () => {
    const memory = new MemoryRemote();
    const reader = await party(memory, { isWritable: false });
    await pipeline(reader.workspace, 3);
    expect(memory.paths).toEqual([]);
  });

  it('take outcomes of the first of several caches that has them [DML-REM-1225]', async () => {
    const [own, central] = [new MemoryRemote({ name: 'own' }), new MemoryRemote({ name: 'central' })];
    const filling = [await party(own), await party(central)] as const;
    const ask = async (workspace: Workspace, inputs: readonly number[]): Promise<void> => {
      const run = workspace.begin();
      for (const node of inputs.map((input) => run.ask('half', [input]))) await run.outcome(node);
      await run.open.close();
    };
    await ask(filling[0].workspace, [1, 2]);
    await ask(filling[1].workspace, [2, 3]);
    const before = central.paths;
    const tier = (memory: MemoryRemote, isWritable: boolean): RemoteSharedCache =>
      new RemoteSharedCache(systemRemote(memory.open(), 'test'), { isWritable, refreshMs: 0 });
    const cache = new TieredCache([tier(own, true), tier(central, false)]);
    const workspace = await Workspace.memory({ functions }, { sharing: { cache } });
    parties.push(workspace);
    const run = workspace.begin();
    const nodes = [1, 2, 3, 4].map((input) => run.ask('half', [input]));
    for (const node of nodes) await run.outcome(node);
    expect(workspace.adapter.asked).toHaveLength(1);
    const keys = nodes.map(keyOf);
    const origins: unknown[] = [];
    for await (const part of cache.lookUp(keys)) for (const { origin } of part.values()) origins.push(origin);
    expect(origins).toEqual(['own', 'own', 'central']);
    await run.open.close();
    expect(central.paths).toEqual(before);
    const fresh = await party(own);
    await ask(fresh.workspace, [1, 2, 4]);
    expect(fresh.workspace.adapter.asked).toEqual([]);
  });

  it('ask the caches of remotes only after the own repository, one after the other [DML-EXE-0713]', async () => {
    const [near, far] = [new MemoryRemote({ name: 'near' }), new MemoryRemote({ name: 'far' })];
    const filling = await party(far);
    const first = filling.workspace.begin();
    await first.outcome(first.ask('half', [2]));
    await first.open.close();
    const asked: string[] = [];
    const tiers = [near, far].map((memory): SharedCache => {
      const cache = new RemoteSharedCache(systemRemote(memory.open(), 'test'), { refreshMs: 0 });
      const lookUp: SharedCache['lookUp'] = (keys, present) => {
        asked.push(...keys.map((key) => `${memory.open().name} ${key}`));
        return cache.lookUp(keys, present);
      };
      return { lookUp, publish: (...published) => cache.publish(...published), flush: () => cache.flush() };
    });
    const workspace = await Workspace.memory({ functions }, { sharing: { cache: new TieredCache(tiers) } });
    parties.push(workspace);
    const run = workspace.begin();
    const [own, shared] = [run.ask('half', [1]), run.ask('half', [2])] as const;
    expect([await run.outcome(own), await run.outcome(shared)]).toEqual([0.5, 1]);
    // Nobody had the one, and the other was found on the second remote.
    expect(workspace.adapter.asked).toHaveLength(1);
    const expected = [own, shared].flatMap((node) => [`near ${keyOf(node)}`, `far ${keyOf(node)}`]);
    expect([...asked].sort()).toEqual([...expected].sort());
    await run.open.close();
    asked.length = 0;
    const again = workspace.begin();
    for (const input of [1, 2]) await again.outcome(again.ask('half', [input]));
    await again.open.close();
    expect(asked).toEqual([]);
  });

  it('take no outcome that the policy of the remote does not trust [DML-EXE-0716]', async () => {
    const signerOf = (): ExecSigner => {
      const { privateKey } = generateKeyPairSync('ed25519');
      return execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key');
    };
    const [trusted, other] = [signerOf(), signerOf()];
    /** Number of calls that run where the remote has one outcome, published by `signer`. */
    const runsWith = async (signer: ExecSigner | undefined, trust: TrustPolicy): Promise<number> => {
      const memory = new MemoryRemote();
      const runs = async (options: RemoteSharedCacheOptions): Promise<number> => {
        const cache = new RemoteSharedCache(systemRemote(memory.open(), 'test'), {
          ...options,
          refreshMs: 0,
        });
        const workspace = await Workspace.memory({ functions }, { sharing: { cache } });
        parties.push(workspace);
        const run = workspace.begin();
        expect(await run.outcome(run.ask('half', [4]))).toBe(2);
        await run.open.close();
        return workspace.adapter.asked.length;
      };
      expect(await runs({ signer })).toBe(1);
      return await runs({ trust, isWritable: false });
    };
    const policy: TrustPolicy = { keys: [trusted.signer], unsigned: false };
    expect(await runsWith(trusted, policy)).toBe(0);
    expect(await runsWith(other, policy)).toBe(1);
    expect(await runsWith(undefined, policy)).toBe(1);
    expect(await runsWith(undefined, { ...policy, unsigned: true })).toBe(0);
  });

  it('claim nothing on a remote that has not passed a check [DML-REM-1405]', async () => {
    /** Claims that a call leaves on a remote, and what it comes to. */
    const claimsOn = async (files: RemoteFiles, isProven?: () => Promise<boolean>): Promise<unknown[]> => {
      const sharing = await remoteSharing(systemRemote(files, 'test'), { owner: 'test', isProven });
      const options = { sharing: { ...sharing, claimAfterMs: 0 } };
      const workspace = await Workspace.memory({ functions }, options);
      parties.push(workspace);
      const run = workspace.begin();
      const values = [await run.outcome(run.ask('half', [8])), await run.outcome(run.ask('half', [6]))];
      await run.open.close();
      expect(workspace.events.filter(({ type }) => type === 'sharing-failed')).toEqual([]);
      const claims: string[] = [];
      for await (const { path } of files.list('claims/')) claims.push(path);
      return [...values, claims.length];
    };
    let asked = 0;
    const told = (isProven: boolean) => async () => {
      asked += 1;
      return isProven;
    };
    expect(await claimsOn(new MemoryRemote().open(), told(false))).toEqual([4, 3, 0]);
    expect(await claimsOn(new MemoryRemote().open(), told(true))).toEqual([4, 3, 2]);
    expect(asked).toBe(2);
    // Where nobody says so, it is checked.
    expect(await claimsOn(new MemoryRemote().open())).toEqual([4, 3, 2]);
    expect(await claimsOn(ignoringConditions())).toEqual([4, 3, 0]);
  });

  it('claim and check nothing on a remote with publications [DML-REM-1136]', async () => {
    const memory = new MemoryRemote();
    const { privateKey } = generateKeyPairSync('ed25519');
    const publisher = await Workspace.memory({ functions });
    parties.push(publisher);
    const published = publisher.begin();
    await published.outcome(published.ask('half', [2]));
    const commitId = published.stagedId;
    await publish(systemRemote(memory.open(), 'test'), {
      store: publisher.store,
      name: 'model',
      commitId,
      signer: domainSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key'),
    });
    const { paths } = memory;
    const sharing = await remoteSharing(systemRemote(memory.open(), 'test'), { owner: 'test' });
    const workspace = await Workspace.memory({ functions }, { sharing: { ...sharing, claimAfterMs: 0 } });
    parties.push(workspace);
    const run = workspace.begin();
    expect(await run.outcome(run.ask('half', [8]))).toBe(4);
    await run.open.close();
    expect(workspace.events.filter(({ type }) => type === 'sharing-failed')).toMatchObject([
      { operation: 'claim' },
    ]);
    expect(memory.paths).toEqual(paths);
  });

  it('run each call once where both begin at the same time and claim', async () => {
    const memory = new MemoryRemote();
    const members = await Promise.all(Array.from({ length: 4 }, () => party(memory, { isClaiming: true })));
    await Promise.all(members.map(({ workspace }) => pipeline(workspace, 30)));
    const asked = members.flatMap(({ workspace }) =>
      workspace.adapter.asked.map((asked) => ('executionKey' in asked ? asked.executionKey : undefined)),
    );
    expect(asked).toHaveLength(41);
    expect(new Set(asked).size).toBe(41);
  });
});
