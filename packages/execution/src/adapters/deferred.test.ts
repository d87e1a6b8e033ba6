import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { adapterSuite } from '../testing/adapter-suite.ts';
import { MemoryAdapter, memoryUri } from '../testing/memory-adapter.ts';
import { DeferredAdapter } from './deferred.ts';
import type { AdapterContext } from './port.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('');
});
afterAll(() => workspace.close());

const functions = {
  subtract: (a: number, b: number) => a - b,
  fail: (text: string) => {
    throw new Error(text);
  },
  wait: () => new Promise(() => {}),
};

describe('an adapter that is loaded later', () => {
  for (const { name, run } of adapterSuite) {
    it(`${name} [DML-EXE-1311]`, async () => {
      const { objects } = workspace.begin().open;
      const start = (context: AdapterContext): DeferredAdapter =>
        new DeferredAdapter(100, async () => new MemoryAdapter(context, { functions }));
      await expect(run({ start, objects, uriOf: memoryUri })).resolves.toBeUndefined();
    });
  }

  it('gets no submission that was stopped before, and is not loaded for none', async () => {
    const { objects } = workspace.begin().open;
    const loaded: MemoryAdapter[] = [];
    const context = { objects, report: () => {} };
    const load = async (): Promise<MemoryAdapter> => {
      loaded.push(new MemoryAdapter(context, { functions }));
      return loaded[0] as MemoryAdapter;
    };
    const unused = new DeferredAdapter(1, load);
    await unused.close();
    expect(loaded).toEqual([]);
    const adapter = new DeferredAdapter(1, load);
    const submission = (nodeId: string): never =>
      ({ nodeId, functionUri: memoryUri('subtract'), inputDatumIds: [], attempt: 1 }) as never;
    adapter.submit([submission('a'), submission('b')]);
    adapter.stop('a' as never);
    await new Promise((resolve) => setImmediate(resolve));
    expect(loaded[0]?.asked.map(({ nodeId }) => nodeId)).toEqual(['b']);
    await adapter.close();
  });
});
