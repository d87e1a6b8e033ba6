import type { NodeId } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { LocalWorkers } from '../adapters/local-workers.ts';
import type { AdapterContext, AdapterReport } from '../adapters/port.ts';
import { adapterSuite } from './adapter-suite.ts';
import { MemoryAdapter, memoryUri } from './memory-adapter.ts';

const steps = `
export const subtract = (a: number, b: number) => a - b;
export const fail = (text: string) => { throw new Error(text); };
export const wait = () => new Promise(() => { setInterval(() => {}, 1000); });
`;
const functions = {
  subtract: (a: number, b: number) => a - b,
  fail: (text: string) => {
    throw new Error(text);
  },
  wait: () => new Promise(() => {}),
};

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(steps);
});
afterAll(() => workspace.close());

describe('the local workers', () => {
  for (const { name, run } of adapterSuite) {
    it(`${name} [DML-EXE-1311]`, async () => {
      const test = workspace.begin();
      const { objects } = test.open;
      const uriOf = (exported: string): string => test.uriOf(exported);
      const start = (context: AdapterContext): LocalWorkers => new LocalWorkers(context, { size: 2 });
      await expect(run({ start, objects, uriOf })).resolves.toBeUndefined();
    });
  }
});

describe('the local workers, besides', () => {
  it('answer a poll with a lost attempt, since they never have one pending', () => {
    const reports: AdapterReport[] = [];
    const { objects } = workspace.begin().open;
    const adapter = new LocalWorkers({ objects, report: (news) => reports.push(...news) }, {});
    const nodeId = 'ab'.repeat(32) as NodeId;
    adapter.poll([{ nodeId, functionUri: 'dml+exec://dml-worker/any', token: 'a token' }]);
    expect(reports).toMatchObject([
      { nodeId, answer: { type: 'failed', isRetryable: true, code: 'worker_lost' } },
    ]);
  });
});

describe('the memory adapter', () => {
  for (const { name, run } of adapterSuite) {
    it(`${name} [DML-EXE-1311]`, async () => {
      const { objects } = workspace.begin().open;
      const start = (context: AdapterContext): MemoryAdapter => new MemoryAdapter(context, { functions });
      await expect(run({ start, objects, uriOf: memoryUri })).resolves.toBeUndefined();
    });
  }
});
