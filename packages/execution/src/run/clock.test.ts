import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { RunEvent } from './events.ts';

let nextMs: () => number;
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.memory({ functions: { same: (n: number) => n } }, { nowMs: () => nextMs() });
});
afterAll(() => workspace.close());

it.each([
  ['times of the attempt', 1_700_000_000_000, 1234, 'DML-EXE-1004'],
  ['times that are whole milliseconds, rounded down', 1_000_000.9, 0, 'DML-EXE-0881'],
  ['start twice when the clock goes back', 1_000_000, -50, 'DML-EXE-0880'],
])('an exec has the %s, from %d by steps of %d [%s]', async (_what, fromMs, stepMs) => {
  let isStarted = false;
  nextMs = () => fromMs + (isStarted ? stepMs : 0);
  const onEvent = ({ type }: RunEvent): void => {
    isStarted ||= type === 'call-started';
  };
  const run = workspace.begin({ workName: `${fromMs}`, onEvent });
  const node = run.ask('same', [fromMs]);
  expect(await run.outcome(node)).toBe(fromMs);
  const startedMs = Math.floor(fromMs);
  expect(run.exec(node)).toMatchObject({ startedMs, finishedMs: startedMs + Math.max(0, stepMs) });
});
