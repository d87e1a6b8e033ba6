import { afterTests } from '@daggerml/testkit';
import { expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { OpenRun } from '../executor.ts';
import { OpJournal, opWorkName, readJournal } from './op-journal.ts';
import { planRun } from './op-plan.ts';

async function opened(): Promise<Workspace> {
  const workspace = await Workspace.create('export const run = () => null;');
  afterTests('file', () => workspace.close());
  return workspace;
}

function begin({ executor }: Workspace): OpenRun {
  return executor.openRun({ workName: opWorkName('rollout'), base: undefined, actor: 'tester' });
}

function newJournal(open: OpenRun): OpJournal {
  const targets = [{ id: 'a', value: 'a' }];
  const plan = planRun({ name: 'rollout', ops: [] }, { runId: 'r', targets, code: new Map() }, open.objects);
  return new OpJournal(open, { ...plan, names: [], cancelReason: undefined });
}

it('lets one of those begin that begin a run at once [DML-EXE-3711]', async () => {
  const workspace = await opened();
  const [one, other] = [newJournal(begin(workspace)), newJournal(begin(workspace))];
  one.claim(new Map());
  expect(() => other.claim(new Map())).toThrow(expect.objectContaining({ code: 'op_run_active' }));
});

it('lets one of those go on that take a run at once [DML-EXE-3711]', async () => {
  const workspace = await opened();
  const first = newJournal(begin(workspace));
  first.claim(new Map());
  first.release();
  const [one, other] = [0, 1].map(() => {
    const open = begin(workspace);
    const state = readJournal(open.index.commitId as never, open.index.ref, open.objects);
    return new OpJournal(open, state as NonNullable<typeof state>);
  });
  other?.claim(new Map());
  expect(() => one?.claim(new Map())).toThrow(expect.objectContaining({ code: 'op_run_active' }));
  expect(() => other?.flush()).not.toThrow();
});

it('has recorded what was named when it says so [DML-EXE-3702]', async () => {
  const workspace = await opened();
  const open = begin(workspace);
  const journal = newJournal(open);
  journal.claim(new Map());
  const nodeId = open.run.addLiteral(open.objects.put({ type: 'datum', kind: 'null' })).nodeId;
  journal.name('deploy.execute a', nodeId);
  await journal.durable(() => open.run.flush());
  // As the next process reads it.
  await workspace.reopen();
  const next = begin(workspace);
  const state = readJournal(next.index.commitId as never, next.index.ref, next.objects);
  expect(state?.names).toContainEqual(['deploy.execute a', nodeId]);
});
