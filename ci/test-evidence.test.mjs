import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root, tools } from '../tools/run/workspace.mjs';
import { mend, withCopy } from './fixture.mjs';

const TESTS = 'packages/object-model/src/names.test.js';

/** Runs the tests of a fixture with vitest and our reporter; yields what the specification tool makes of it. */
async function statesOf(folder, { runTests }) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$/.test(name)),
  );
  if (runTests) {
    const reporter = join(root, 'tools/run/results-reporter.mjs');
    await capture(process.execPath, [tools.vitest, 'run', '--root', folder, `--reporter=${reporter}`], {
      cwd: folder,
      env: { ...env, DAGGERML_TEST_RESULTS: join(folder, 'test-results') },
    });
  }
  const spec = (...args) => capture(process.execPath, [tools.specExtract, ...args, '--root', folder]);
  await spec('review', '--all');
  const { stdout } = await spec('open', '--json');
  const open = [];
  for (const { id } of JSON.parse(stdout).requirements) {
    const { tests } = JSON.parse((await spec(id, '--json')).stdout);
    open.push([id, ...tests.map((test) => /^(not run|\w+) /.exec(test)[1])]);
  }
  return { open: Object.fromEntries(open.map(([id, ...states]) => [id.slice(-2), states])), spec };
}

it('only a leaf test that ran and passed verifies, whatever the runner is made to do', async () => {
  await withCopy('test-evidence', async (folder) => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
    // What is not listed is verified: 01 by a plain test, 02 by one for each of two values.
    const unproven = {
      '03': ['failed'],
      '04': ['skipped'],
      '05': ['skipped'],
      '06': ['skipped'],
      '07': ['not run'],
      '08': ['failed'],
      '09': ['skipped'],
      10: ['not run'],
      11: ['skipped'],
      12: ['skipped'],
      13: ['failed'],
      14: ['not run'],
      15: ['failed'],
    };
    const ran = await statesOf(folder, { runTests: true });
    expect(ran.open).toEqual(unproven);
    const checked = await ran.spec('check');
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringContaining('test_citation_misplaced DML-OBJ-0010'),
    ]);

    // The results of the run lie there still when the test is gone.
    mend(join(folder, TESTS), 'passes [DML-OBJ-0001]', 'passes');
    const later = await statesOf(folder, { runTests: false });
    expect(later.open).toEqual({ '01': [], ...unproven });
  });
});
