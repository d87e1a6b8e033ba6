import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { claimStoreSuite } from './claim-store-suite.ts';
import { MemoryClaimStore } from './memory-claim-store.ts';
import { MemorySharedCache } from './memory-shared-cache.ts';
import { sharedCacheSuite } from './shared-cache-suite.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('');
});
afterAll(() => workspace.close());

describe('the shared cache in memory', () => {
  for (const { name, run } of sharedCacheSuite) {
    it(`${name} [DML-EXE-2368]`, async () => {
      const { objects } = workspace.begin().open;
      await expect(run({ cache: new MemorySharedCache(), objects })).resolves.toBeUndefined();
    });
  }
});

describe('the claim store in memory', () => {
  for (const { name, run } of claimStoreSuite) {
    it(`${name} [DML-EXE-2369]`, async () => {
      let nowMs = 0;
      const claims = new MemoryClaimStore({ leaseMs: 1000, nowMs: () => nowMs });
      const advance = async (ms: number): Promise<void> => {
        nowMs += ms;
      };
      await expect(run({ claims, advance })).resolves.toBeUndefined();
    });
  }
});
