import { afterEach, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { Submission } from '../adapters/port.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

const threw = { code: 'function_threw', message: 'Error: no', trace: [] };
const failed = { type: 'done', outcome: 'error', failure: threw } as const;
const refused = { type: 'failed', isRetryable: false, code: 'load_failed', reason: 'gone' } as const;

it.each([failed, refused])('a run ends with its first failure: %j [DML-EXE-3120]', async (answer) => {
  workspace = await Workspace.held();
  const run = workspace.begin({ failFast: true });
  const bad = run.ask('bad', [1]);
  const open = run.ask('open', [2]);
  const later = run.ask('later', [open]);
  const blocked = run.ask('blocked', [bad]);
  await Promise.resolve();
  const [first] = workspace.held.held;
  workspace.held.answer(answer, first);
  expect(await run.outcome(open)).toMatchObject({ code: 'cancelled', class: 'cancelled' });
  expect(await run.outcome(later)).toMatchObject({ code: 'cancelled', class: 'cancelled' });
  expect(blocked.failure).toMatchObject({ originNodeId: bad.nodeId });
  expect(await run.outcome(run.ask('new', [3]))).toMatchObject({ code: 'cancelled' });
  expect(workspace.held.held).toHaveLength(2);
  expect(run.open.run.stoppedBy).toBe(bad);
  expect(run.counts).toMatchObject({ failed: 1 });
});

it('calls that functions alone make end no run, calls of the dag do [DML-EXE-3853] [DML-EXE-3854]', async () => {
  workspace = await Workspace.held();
  const run = workspace.begin({ failFast: true });
  const outer = run.ask('work', [1]);
  const ofDag = run.ask('work', [2]);
  await Promise.resolve();
  const [first, second] = workspace.held.held as [Submission, Submission];
  workspace.held.nest(2, first);
  workspace.held.nest(3, first);
  await expect.poll(() => workspace.held.held.length).toBe(3);
  workspace.held.answer(failed);
  await expect.poll(() => workspace.held.nestedAnswers).toEqual(['threw']);
  expect(outer.status).toBe('pending');
  workspace.held.answer(failed, second);
  expect(await run.outcome(outer)).toMatchObject({ code: 'cancelled' });
  expect(run.open.run.stoppedBy).toBe(ofDag);
});

it('a builtin that fails ends such a run as well [DML-EXE-3120]', async () => {
  workspace = await Workspace.held();
  const run = workspace.begin({ failFast: true });
  const open = run.ask('open', [2]);
  const missing = run.builtin('dml://list/get', [[], 0]);
  expect(await run.outcome(open)).toMatchObject({ code: 'cancelled' });
  expect(run.open.run.stoppedBy).toBe(missing);
});

it('a run goes on by default, and such a one with what does not fail [DML-EXE-0911]', async () => {
  workspace = await Workspace.memory({
    functions: {
      bad: () => {
        throw new Error('no');
      },
      good: (n: number) => n,
    },
  });
  const run = workspace.begin();
  const bad = run.ask('bad', [1]);
  expect(await run.outcome(bad)).toMatchObject({ code: 'function_threw' });
  expect(await run.outcome(run.ask('good', [1]))).toBe(1);
  await run.open.close();
  const other = workspace.begin({ failFast: true });
  expect(await other.outcome(other.ask('good', [2]))).toBe(2);
  expect(other.open.run.stoppedBy).toBeUndefined();
});
