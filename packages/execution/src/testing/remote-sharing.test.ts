import { type Remote, systemRemote } from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { RemoteSharedCache } from '../cache/remote-cache.ts';
import { RemoteClaimStore } from '../cache/remote-claims.ts';
import { TieredCache } from '../cache/tiered-cache.ts';
import { claimStoreSuite } from './claim-store-suite.ts';
import { MemorySharedCache } from './memory-shared-cache.ts';
import { sharedCacheSuite } from './shared-cache-suite.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('');
});
afterAll(() => workspace.close());

function remoteOver(memory: MemoryRemote): Remote {
  return systemRemote(memory.open(), 'suite');
}

describe('the shared cache of a remote', () => {
  for (const { name, run } of sharedCacheSuite) {
    it(`${name} [DML-EXE-2368]`, async () => {
      const { objects } = workspace.begin().open;
      const cache = new RemoteSharedCache(remoteOver(new MemoryRemote()));
      await expect(run({ cache, objects })).resolves.toBeUndefined();
    });
  }
});

describe('shared caches in tiers', () => {
  for (const { name, run } of sharedCacheSuite) {
    it(`${name} [DML-EXE-2368]`, async () => {
      const { objects } = workspace.begin().open;
      const readOnly = new RemoteSharedCache(remoteOver(new MemoryRemote()), { isWritable: false });
      const cache = new TieredCache([readOnly, new MemorySharedCache()]);
      await expect(run({ cache, objects })).resolves.toBeUndefined();
    });
  }
});

describe('the claims of a remote', () => {
  for (const { name, run } of claimStoreSuite) {
    it(`${name} [DML-EXE-2369]`, async () => {
      let nowMs = 1_000_000;
      const remote = remoteOver(new MemoryRemote({ nowMs: () => nowMs }));
      const clocks = { monotonicMs: () => nowMs, wallMs: () => nowMs };
      const claims = new RemoteClaimStore(remote, {
        owner: 'suite',
        leaseMs: 10_000,
        clocks,
        isProven: async () => true,
      });
      const advance = async (ms: number): Promise<void> => {
        nowMs += ms;
      };
      await expect(run({ claims, advance })).resolves.toBeUndefined();
    });
  }
});
