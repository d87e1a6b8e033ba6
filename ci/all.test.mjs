import { expect, it } from 'vitest';
import { runAll, summaryOf } from './all.mjs';

const step = (name, text, code = 0) => ({
  name,
  program: process.execPath,
  args: ['-e', `console.log(${JSON.stringify(text)}); process.exitCode = ${code}`],
});

async function endOf(steps) {
  let printed = '';
  const total = await runAll({ ...steps, print: (text) => (printed += text) });
  return { printed, total, summary: summaryOf(total).replace(/\d+ s\b/g, 'n s') };
}

it('adds up the tests of every suite and counts a part as one', async () => {
  const { printed, summary } = await endOf({
    suites: [step('test', '3 passed, 0 failed\n5 passed, 0 failed'), step('matrix', '7 passed, 0 failed')],
    parts: [step('types', 'types: green'), step('links', 'links: green')],
  });
  expect(printed).toMatch(/^== test\n[\s\S]*== links\nlinks: green\n[\s\S]*== matrix\n7 passed/);
  expect(summary).toMatch(
    /\ntime: test n s, (types|links) n s, (types|links) n s, matrix n s\n\n14 passed, 0 failed\n$/,
  );
});

it('names at its end what failed, in the suites and in the parts', async () => {
  const { total, summary } = await endOf({
    suites: [
      step('test', 'FAILED store a.test.ts > moves: no\n4 passed, 1 failed', 1),
      step('matrix', 'FAILED Node 22: store a.test.ts > moves: no\n4 passed, 1 failed', 1),
    ],
    parts: [step('links', 'README.md:1: no such file: a.md\nlinks: red', 1)],
  });
  expect(total).toMatchObject({ passed: 8, failed: 3 });
  expect(summary.split('\n').slice(3)).toEqual([
    'what failed:',
    'FAILED store a.test.ts > moves: no',
    'FAILED part links, its last lines:',
    '  README.md:1: no such file: a.md',
    '  links: red',
    'FAILED Node 22: store a.test.ts > moves: no',
    '',
    '8 passed, 3 failed',
    '',
  ]);
});

it.each([
  ['without counts', step('test', 'nothing')],
  ['with an exit code that its counts do not explain', step('test', '4 passed, 0 failed', 1)],
])('counts a suite that ends %s as one failure', async (_, suite) => {
  const { total } = await endOf({ suites: [suite], parts: [] });
  expect(total.failed).toBe(1);
  expect(total.failures).toHaveLength(1);
});

it('keeps its end short, however much has failed', () => {
  const failures = Array.from({ length: 500 }, (_, index) => `FAILED ${index}`);
  const lines = summaryOf({ passed: 0, failed: 500, failures, seconds: [] }).split('\n');
  expect(lines.length).toBeLessThan(80);
  expect(lines.slice(-2)).toEqual(['0 passed, 500 failed', '']);
});
