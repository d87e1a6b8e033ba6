import { treeGet } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import type { RunNode } from './run-node.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('export const random = (_seed: number) => Math.random();');
});
afterAll(() => workspace.close());

/** Whether the IndexRef of a run has the pin of a node. */
function isStaged(run: TestRun, node: RunNode): boolean {
  const ref = workspace.store.getRef(run.open.staging.ref);
  if (!ref) return false;
  const { pins } = run.open.objects.read('commit', ref.commitId);
  return treeGet('pins', pins, node.nodeId, run.open.objects)?.[1] === node.execId;
}

describe('Staging', () => {
  it('keeps the outcomes of two runs of the same work at once', async () => {
    const runs = [workspace.begin({ workName: 'shared' }), workspace.begin({ workName: 'shared' })] as const;
    const nodes: [TestRun, RunNode][] = [];
    for (let round = 0; round < 3; round++) {
      for (const [index, run] of runs.entries()) {
        const node = run.call('random', [`${round} ${index}`]);
        await run.outcome(node);
        nodes.push([run, node]);
      }
    }
    for (const [run, node] of nodes) expect(isStaged(run, node)).toBe(true);
  });

  it('leaves an IndexRef that another run moved, and makes one that another run released', async () => {
    const [first, second] = [
      workspace.begin({ workName: 'released' }),
      workspace.begin({ workName: 'released' }),
    ];
    const mine = first.call('random', ['mine']);
    await first.outcome(mine);
    const theirs = second.call('random', ['theirs']);
    await second.outcome(theirs);
    workspace.store.transact('test', (transaction) => first.open.staging.release(transaction));
    expect(isStaged(second, theirs)).toBe(true);
    workspace.store.transact('test', (transaction) => second.open.staging.release(transaction));
    expect(workspace.store.getRef(second.open.staging.ref)).toBeUndefined();
    const later = second.call('random', ['later']);
    await second.outcome(later);
    expect([isStaged(second, later), isStaged(second, theirs)]).toEqual([true, true]);
  });

  it('uses what an earlier run of the same work left', async () => {
    const first = workspace.begin({ workName: 'left' });
    const node = first.call('random', ['left']);
    await first.outcome(node);
    workspace.store.transact('test', (transaction) => {
      transaction.deleteCacheEntry(node.executionKey!, node.execId!);
    });
    const second = workspace.begin({ workName: 'left' });
    const again = second.call('random', ['left']);
    await second.outcome(again);
    expect([second.counts, again.execId]).toEqual([{ cached: 1 }, node.execId]);
  });
});
