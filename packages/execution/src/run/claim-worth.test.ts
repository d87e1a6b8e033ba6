import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { MemoryClaimStore } from '../testing/memory-claim-store.ts';
import { MemorySharedCache } from '../testing/memory-shared-cache.ts';
import { ClaimWorth } from './claim-worth.ts';
import type { RunNode } from './run-node.ts';

const functions = { half: (n: number) => n / 2, list: (n: number) => [n] };

let workspace: Workspace | undefined;
afterEach(async () => {
  await workspace?.close();
  workspace = undefined;
});

function nodeOf(functionDatumId: string, options: { claim?: boolean } = {}): RunNode {
  return { callee: { functionDatumId, uri: `dml+exec://test/${functionDatumId}`, options } } as never;
}

describe('a call', () => {
  it('is claimed as its author says, whatever is known of it [DML-REM-1131]', async () => {
    const claims = new MemoryClaimStore({ leaseMs: 60_000 });
    const sharing = { cache: new MemorySharedCache(), claims };
    workspace = await Workspace.memory({ functions }, { sharing });
    const run = workspace.begin();
    const nodes = [
      run.ask('half', [1], { claim: true }),
      run.ask('half', [2], { claim: false }),
      run.ask('half', [3]),
    ];
    for (const node of nodes) await run.outcome(node);
    await run.open.close();
    expect(claims.log).toEqual(['claimed', 'released']);
    const worth = new ClaimWorth({ traitsOf: () => ({ outlives: true }) });
    for (let calls = 0; calls < 3; calls += 1) worth.note(nodeOf('f'), 60_000);
    expect([worth.isWorth(nodeOf('f')), worth.isWorth(nodeOf('f', { claim: false }))]).toEqual([true, false]);
  });

  it('is claimed by itself where its adapter goes on without the process [DML-REM-1130]', () => {
    const traitsOf = (uri: string): { outlives: boolean } => ({ outlives: uri.endsWith('batch') });
    const worth = new ClaimWorth({ traitsOf });
    expect([worth.isWorth(nodeOf('batch')), worth.isWorth(nodeOf('other'))]).toEqual([true, false]);
  });

  it('is claimed by itself where calls of its function take ten seconds on average [DML-REM-1130]', () => {
    const worth = new ClaimWorth({});
    const isWorth = (durationMs?: number): boolean => {
      if (durationMs !== undefined) worth.note(nodeOf('f'), durationMs);
      return worth.isWorth(nodeOf('f'));
    };
    expect([isWorth(), isWorth(9_999), isWorth(10_001), isWorth(1)]).toEqual([false, false, true, false]);
    expect(worth.isWorth(nodeOf('g'))).toBe(false);
    expect(new ClaimWorth({}, 0).isWorth(nodeOf('g'))).toBe(true);
  });
});
