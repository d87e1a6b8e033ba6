import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root, tools } from '../tools/run/workspace.mjs';
import { mend, withCopy } from './fixture.mjs';

const TESTS = 'packages/object-model/src/names.test.js';

/** Lets the specification tool judge a fixture; returns why what is not verified is not, by the end of its id. */
async function unproven(cwd) {
  await capture(process.execPath, [tools.specExtract, 'review', '--all'], { cwd });
  const lines = readFileSync(join(cwd, 'COMPLIANCE.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| [DML-')).map((line) => line.split(' | '));
  return Object.fromEntries(rows.map(([link, , , why]) => [link.slice(13, 15), why.split(/\W/, 1)[0]]));
}

it('only a leaf test that ran and passed verifies, whatever the runner is made to do', async () => {
  await withCopy('test-evidence', async (folder) => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
    const isOuter = (name) => /^VITEST|^TEST$/.test(name);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOuter(name)));
    const reporter = join(root, 'tools/run/results-reporter.mjs');
    await capture(process.execPath, [tools.vitest, 'run', '--root', folder, `--reporter=${reporter}`], {
      cwd: folder,
      env: { ...env, DAGGERML_TEST_RESULTS: join(folder, 'test-results') },
    });
    // What is not listed is verified: 01 by a plain test, 02 by one for each of two values.
    const expected = {
      '03': 'failed',
      '04': 'skipped',
      '05': 'skipped',
      '06': 'skipped',
      '07': 'no',
      '08': 'failed',
      '09': 'skipped',
      10: 'no',
      11: 'skipped',
      12: 'skipped',
      13: 'failed',
      14: 'no',
      15: 'failed',
    };
    expect(await unproven(folder)).toEqual(expected);
    const checked = await capture(process.execPath, [tools.specExtract, 'check'], { cwd: folder });
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('test_citation_misplaced DML-OBJ-0010');

    // The results of the run lie there still when the test is gone.
    mend(join(folder, TESTS), 'passes [DML-OBJ-0001]', 'passes');
    expect(await unproven(folder)).toEqual({ '01': 'no', ...expected });
  });
});
