import {
  type DatumId,
  type ExecId,
  type ExecutionKey,
  hashBytes,
  type NodeId,
  treeCount,
} from '@daggerml/object-model';
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

function hashOf(text: string): string {
  return hashBytes(new TextEncoder().encode(text));
}

describe('RunIndex', () => {
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
    workspace.store.transact('test', (transaction) => first.open.index.release(transaction));
    expect(isStaged(second, theirs)).toBe(true);
    workspace.store.transact('test', (transaction) => second.open.index.release(transaction));
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
    const common = {
      type: 'exec',
      nodeKind: 'builtin',
      status: 'ok',
      functionDatumId: datumId,
      inputs: [],
      resultDatumId: datumId,
    } as const;
    for (const size of [1500, 1500, 1500, 5000, 1, 1, 4094, 1]) {
      const outcomes = Array.from({ length: size }, (_, at) => {
        const name = `${all.length} ${at}`;
        const { nodeId } = run.literal(name);
        const exec = { ...common, nodeId } as const;
        return {
          nodeId,
          execId: objects.put(exec) as ExecId,
          executionKey: hashOf(`key ${name}`) as ExecutionKey,
          foundExecId: undefined,
        };
      });
      expect(index.keep(outcomes)).toBe(true);
      all.push(...outcomes.map(({ nodeId, execId }): [string, string] => [nodeId, execId]));
      const { commitId } = workspace.store.getRef(index.ref)!;
      const written = treeCount('pins', objects.read('commit', commitId).pins, objects);
      expect(written - size).toBeLessThan(4096);
      expect(new Map(indexPins(commitId, objects))).toEqual(new Map(all));
      const { getPin } = index.scope();
      expect([getPin(all[0]![0] as NodeId), getPin(all.at(-1)![0] as NodeId)]).toEqual([
        all[0]![1],
        all.at(-1)![1],
      ]);
    }
  });
});
