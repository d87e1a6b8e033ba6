import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../tools/run/workspace.mjs';
import { DEPENDENT, NEWEST, nodeOf, OLDEST, runLine } from './matrix.mjs';

/** Runs a line with a suite that only says what it was asked for. */
async function ran(line, fetch = async () => `/node-${line}/bin/node`) {
  const told = [];
  let asked;
  const suite = async (options) => {
    asked = options;
    return { passed: 4, failed: 1 };
  };
  const counts = await runLine(line, { fetch, suite, tell: (text) => told.push(text) });
  return { counts, told, asked };
}

it('runs all on the newest line, and on another what depends on it', async () => {
  const newest = await ran(NEWEST);
  expect(newest.asked).toMatchObject({ node: `/node-${NEWEST}/bin/node`, args: [] });
  expect(newest.asked.env.PATH).toMatch(`/node-${NEWEST}/bin`);
  expect(newest.counts).toEqual({ passed: 4, failed: 1 });
  expect((await ran(OLDEST)).asked.args).toEqual(DEPENDENT);
});

it('names only tests that are there', () => {
  const isThere = (path) => existsSync(join(root, path)) || existsSync(join(root, `${path}.test.ts`));
  expect(DEPENDENT.filter((path) => !isThere(path))).toEqual([]);
});

it('is red when a line cannot be fetched, and then runs on the Node at hand', async () => {
  const { counts, told, asked } = await ran(NEWEST, async () => {
    throw new Error('no such line');
  });
  expect(told).toEqual([`FAILED Node ${NEWEST}: no such line`]);
  expect(asked.node).toBe(process.execPath);
  expect(counts).toEqual({ passed: 4, failed: 2 });
});

it('takes the Node that runs it for its own line', async () => {
  expect(await nodeOf(process.version.slice(1).split('.', 1)[0])).toBe(process.execPath);
});
