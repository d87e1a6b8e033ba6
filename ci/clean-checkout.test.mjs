import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from './clean-checkout.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';

it('is red on a demo that needs a network and on tests that do not pass', async () => {
  const problems = (await check(fixture('clean-checkout-red'))).map((problem) => problem.split('\n')[0]);
  expect(problems).toEqual([
    'npm run demo, without a network ended with exit code 3',
    'npm test does not end with passing counts',
  ]);
});

it('is green once they are mended', async () => {
  await withCopy('clean-checkout-red', async (folder) => {
    mend(join(folder, 'demo.mjs'), 'process.exit(3)', 'process.exit(0)');
    mend(join(folder, 'test.mjs'), '1 failed', '0 failed');
    expect(await check(folder)).toEqual([]);
  });
});
