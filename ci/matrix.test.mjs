import { expect, it } from 'vitest';
import { argsFor, runMatrix } from './matrix.mjs';

it('adds up the counts of every line', async () => {
  const suite = async ({ node }) =>
    node === '/node-22' ? { passed: 3, failed: 0 } : { passed: 2, failed: 1 };
  const told = [];
  const tell = (line) => told.push(line);
  const total = await runMatrix(['22', '24'], { fetch: async (line) => `/node-${line}`, suite, tell });
  expect(total).toEqual({ passed: 5, failed: 1 });
  expect(told).toEqual(['Node 22: 3 passed, 0 failed', 'Node 24: 2 passed, 1 failed']);
});

it('is red when a line cannot be fetched, and still runs the others', async () => {
  const fetch = async (line) => {
    if (line === '22') throw new Error('no such line');
    return '/node';
  };
  const told = [];
  const total = await runMatrix(['22', '24'], {
    fetch,
    suite: async () => ({ passed: 4, failed: 0 }),
    tell: (line) => told.push(line),
  });
  expect(told).toContain('FAILED Node 22: no such line');
  expect(total).toEqual({ passed: 4, failed: 1 });
});

it('runs all on the newest line, and on another what depends on it', () => {
  expect(argsFor('24')).toEqual(['--project', '!ci']);
  expect(argsFor('22').slice(2)).toEqual(expect.arrayContaining(['packages/cli/', 'packages/execution/']));
});
