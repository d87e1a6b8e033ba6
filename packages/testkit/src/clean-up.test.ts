import { expect, it } from 'vitest';
import { cleanUp } from './clean-up.ts';
import { afterTests } from './index.ts';

it('what is given is called once, the last first, each awaited', async () => {
  const calls: string[] = [];
  afterTests('test', () => calls.push('first'));
  afterTests('test', async () => {
    await Promise.resolve();
    calls.push('last');
  });
  await cleanUp('file');
  expect(calls).toEqual([]);
  await cleanUp('test');
  await cleanUp('test');
  expect(calls).toEqual(['last', 'first']);
});
