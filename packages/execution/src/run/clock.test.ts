import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

let nextMs: () => number;
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('export const same = (n: number) => n;', { nowMs: () => nextMs() });
});
afterAll(() => workspace.close());

/** Runs a call while the clock goes by steps, and returns the times that are recorded. */
async function timesOf(input: number, fromMs: number, stepMs: number): Promise<(number | null)[]> {
  let timeMs = fromMs;
  nextMs = () => {
    timeMs += stepMs;
    return timeMs;
  };
  const run = workspace.begin({ workName: `${input}` });
  const node = run.call('same', [input]);
  expect(await run.outcome(node)).toBe(input);
  const exec = run.open.objects.read('exec', node.execId!);
  if (exec.nodeKind !== 'call') throw new Error('not a call');
  return [exec.startedMs, exec.finishedMs];
}

describe('the times of an exec', () => {
  it('are the start twice when the clock went back during the call [DML-EXE-0880]', async () => {
    const [startedMs, finishedMs] = await timesOf(1, 1_000_000, -50);
    expect(finishedMs).toBe(startedMs);
    expect(startedMs).toBeGreaterThan(0);
    expect(startedMs).toBeLessThan(1_000_000);
  });

  it('are whole milliseconds, rounded down [DML-EXE-0881]', async () => {
    const [startedMs, finishedMs] = await timesOf(2, 1_000_000.9, 0);
    expect([startedMs, finishedMs]).toEqual([1_000_000, 1_000_000]);
  });
});
