import type { ExecId } from '@daggerml/object-model';
import { type Remote, type RemoteFiles, systemRemote } from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, Workspace } from '../../test/workspace.ts';
import type { RunNode } from '../run/run-node.ts';
import { RemoteSharedCache } from './remote-cache.ts';
import { RemoteClaimStore } from './remote-claims.ts';
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
