import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runAll, summaryOf } from './all.mjs';
import { missingPackages } from './system-packages.mjs';

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

it('takes the last counts of the suite and counts a part as one', async () => {
  const { printed, summary } = await endOf({
    suite: step('test', '3 passed, 0 failed\n5 passed, 0 failed'),
    parts: [step('types', 'types: green'), step('links', 'links: green')],
  });
  expect(printed).toMatch(/^== test\n[\s\S]*== links\nlinks: green\n/);
  expect(summary).toMatch(/\ntime: test n s, (types|links) n s, (types|links) n s\n\n7 passed, 0 failed\n$/);
});

it('runs what tests need before them', async () => {
  const { printed, total } = await endOf({
    first: [step('before', 'before: green')],
    suite: step('test', '3 passed, 0 failed'),
    parts: [],
  });
  expect(printed.indexOf('== before')).toBeLessThan(printed.indexOf('== test'));
  expect(total).toMatchObject({ passed: 4, failed: 0 });
});

it('runs beside the tests what may take as long, and the parts after both', async () => {
  const { printed, total } = await endOf({
    suite: step('test', '3 passed, 0 failed'),
    beside: [step('beside', 'beside: red', 1)],
    parts: [step('after', 'after: green')],
  });
  expect(printed.indexOf('== beside')).toBeLessThan(printed.indexOf('== after'));
  expect(printed.indexOf('» beside')).toBeLessThan(printed.indexOf('== test'));
  expect(total).toMatchObject({ passed: 4, failed: 1 });
});

it('installs the packages whose programs PATH does not offer', () => {
  const node = { node: basename(process.execPath), other: 'no-such-program' };
  expect(missingPackages(dirname(process.execPath), node)).toEqual(['other']);
});

it('names at its end what failed, in the suites and in the parts', async () => {
  const { total, summary } = await endOf({
    suite: step('test', 'FAILED store a.test.ts > moves: no\n4 passed, 1 failed', 1),
    parts: [step('links', 'README.md:1: no such file: a.md\nlinks: red', 1)],
  });
  expect(total).toMatchObject({ passed: 4, failed: 2 });
  expect(summary.split('\n').slice(3)).toEqual([
    'what failed:',
    'FAILED store a.test.ts > moves: no',
    'FAILED part links, its last lines:',
    '  README.md:1: no such file: a.md',
    '  links: red',
    '',
    '4 passed, 2 failed',
    '',
  ]);
});

it.each([
  ['without counts', step('test', 'nothing')],
  ['with an exit code that its counts do not explain', step('test', '4 passed, 0 failed', 1)],
])('counts a suite that ends %s as one failure', async (_, suite) => {
  const { total } = await endOf({ suite, parts: [] });
  expect(total.failed).toBe(1);
  expect(total.failures).toHaveLength(1);
});

it('repeats nothing: what would pass the next time is red', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'daggerml-all-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const script = `
    const mark = ${JSON.stringify(join(folder, 'mark'))};
    const isFirst = !require('node:fs').existsSync(mark);
    require('node:fs').writeFileSync(mark, '');
    process.exitCode = isFirst ? 1 : 0;`;
  const { total } = await endOf({
    suite: step('test', '5 passed, 0 failed'),
    parts: [{ name: 'faults', program: process.execPath, args: ['-e', script] }],
  });
  expect(total).toMatchObject({ passed: 5, failed: 1 });
});
