import { type DatumId, type ExecutionKey, hashBytes, type NodeId, treeCount } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import type { RunNode } from '../run/run-node.ts';
import { indexPins } from './run-index.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('export const random = (_seed: number) => Math.random();');
});
afterAll(() => workspace.close());

/** Checks whether the IndexRef of a run leads to the pin of a node. */
function isStaged(run: TestRun, node: RunNode): boolean {
  const { commitId } = workspace.store.getRef(run.open.index.ref) ?? { commitId: null };
  return new Map(indexPins(commitId, run.open.objects)).get(node.nodeId) === node.execId;
}

describe('RunIndex', () => {
  it('leaves an IndexRef that another run moved, and makes one that another run released', async () => {
    const request = { workName: 'released' };
    const [first, second] = [workspace.begin(request), workspace.begin(request)];
    const release = ({ open }: TestRun): void =>
      workspace.store.transact('test', (transaction) => open.index.release(transaction));
    const mine = first.call('random', ['mine']);
    await first.outcome(mine);
    const theirs = second.call('random', ['theirs']);
    await second.outcome(theirs);
    release(first);
    expect(isStaged(second, theirs)).toBe(true);
    release(second);
    expect(workspace.store.getRef(second.open.index.ref)).toBeUndefined();
    const later = second.call('random', ['later']);
    await second.outcome(later);
    expect([isStaged(second, later), isStaged(second, theirs)]).toEqual([true, true]);
  });

  it('uses what an earlier run of the same work left', async () => {
    const first = workspace.begin({ workName: 'left' });
    const node = first.call('random', ['left']);
    await first.outcome(node);
    workspace.store.transact('test', (transaction) => {
      transaction.deleteCacheEntry(keyOf(node), node.execId!);
    });
    const second = workspace.begin({ workName: 'left' });
    const again = second.call('random', ['left']);
    await second.outcome(again);
    expect([second.counts, again.execId]).toEqual([{ cached: 1 }, node.execId]);
  });

  it('rewrites a few thousand earlier pins at most, however many there are [DML-EXE-2340]', async () => {
    const run = workspace.begin({ workName: 'many' });
    const { index, objects } = run.open;
    const all: [string, string][] = [];
    const datumId = run.literal('one for all').valueId as DatumId;
    const common = { type: 'exec', nodeKind: 'builtin', status: 'ok', inputs: [] } as const;
    for (const size of [1500, 1500, 1500, 5000, 1, 1, 4094, 1]) {
      const outcomes = Array.from({ length: size }, (_, at) => {
        const name = `${all.length} ${at}`;
        const { nodeId } = run.literal(name);
        const execId = objects.put({ ...common, functionDatumId: datumId, resultDatumId: datumId, nodeId });
        const executionKey = hashBytes(Buffer.from(`key ${name}`)) as string as ExecutionKey;
        return { nodeId, execId, executionKey, foundExecId: undefined };
      });
      expect(index.keep(outcomes)).toBe(true);
      all.push(...outcomes.map(({ nodeId, execId }): [string, string] => [nodeId, execId]));
      const { commitId } = workspace.store.getRef(index.ref)!;
      const written = treeCount('pins', objects.read('commit', commitId).pins, objects);
      expect(written - size).toBeLessThan(4096);
      expect(new Map(indexPins(commitId, objects))).toEqual(new Map(all));
      const { getPin } = index.scope();
      for (const [nodeId, execId] of [all[0]!, all.at(-1)!]) expect(getPin(nodeId as NodeId)).toBe(execId);
    }
  });
});
