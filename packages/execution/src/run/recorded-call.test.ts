import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFailure } from '@daggerml/repository';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { pinnedFailures, workFailures } from '../cache/work-failures.ts';
import { RunObjects } from '../objects/run-objects.ts';

const folder = mkdtempSync(join(tmpdir(), 'dml-recorded-'));
const marker = join(folder, 'mended');
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(`
    import { existsSync } from 'node:fs';
    export const flaky = (...values: unknown[]): unknown => {
      if (!existsSync(${JSON.stringify(marker)})) throw new Error('broken ' + JSON.stringify(values));
      return values;
    };`);
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
});

it('is the call that it was, run from the store alone [DML-EXE-3151] [DML-EXE-3152]', async () => {
  const failing = workspace.begin();
  const before = failing.call('flaky', [[1, 'x']]);
  await failing.outcome(before);
  const first = failing.exec(before);
  await failing.open.close();
  await workspace.reopen();

  const again = workspace.begin();
  const failed = again.open.run.addRecorded(first, { retryFailed: true });
  expect(await again.outcome(failed)).toMatchObject({ message: 'Error: broken [[1,"x"]]' });
  const second = again.exec(failed);
  const same = ({ nodeId, functionDatumId, inputs }: typeof first) => ({ nodeId, functionDatumId, inputs });
  expect(same(second)).toEqual(same(first));
  expect(failed.execId).not.toBe(before.execId);
  expect(readFailure(first, again.open.objects).trace).toHaveLength(1);
  expect(readFailure(second, again.open.objects).trace).toEqual([]);
  expect(workFailures(new RunObjects(workspace.store)).map(({ execId }) => execId)).toEqual([failed.execId]);
  await again.open.close();

  writeFileSync(marker, '');
  const mended = workspace.begin();
  const node = mended.open.run.addRecorded(second, { retryFailed: true });
  expect(mended.open.run.addRecorded(second, { retryFailed: true })).toBe(node);
  expect(await mended.outcome(node)).toEqual([[1, 'x']]);
  expect(same(mended.exec(node))).toEqual(same(first));
  const { staged } = mended;
  await mended.open.close();
  expect(workFailures(new RunObjects(workspace.store))).toEqual([]);
  expect(pinnedFailures(staged.pins, new RunObjects(workspace.store))).toEqual([]);
});
