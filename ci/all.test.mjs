import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runAll, summaryOf } from './all.mjs';

const step = (name, text, code = 0) => ({
  name,
  program: process.execPath,
  args: ['-e', `console.log(${JSON.stringify(text)}); process.exitCode = ${code}`],
});

/** A step that fails the first time it is run, and from then on ends well. */
function unsteadyStep(name, before, after) {
  const folder = mkdtempSync(join(tmpdir(), 'daggerml-all-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const mark = join(folder, 'mark');
  const script = `
    const { existsSync, writeFileSync } = require('node:fs');
    const isFirst = !existsSync(${JSON.stringify(mark)});
    writeFileSync(${JSON.stringify(mark)}, '');
    console.log(isFirst ? ${JSON.stringify(before)} : ${JSON.stringify(after)});
    process.exitCode = isFirst ? 1 : 0;`;
  return { name, program: process.execPath, args: ['-e', script] };
}

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
  const lines = summaryOf({ passed: 0, failed: 500, failures, unsteady: [], seconds: [] }).split('\n');
  expect(lines.length).toBeLessThan(80);
  expect(lines.slice(-2)).toEqual(['0 passed, 500 failed', '']);
});

it('runs what failed narrowly once more, counts that run alone and names what was unsteady', async () => {
  const { printed, summary } = await endOf({
    suites: [
      unsteadyStep('test', 'FAILED store a.test.ts > moves: no\n4 passed, 1 failed', '5 passed, 0 failed'),
    ],
    parts: [unsteadyStep('faults', 'engine died', 'faults: green')],
  });
  expect(printed).toContain('» test failed and is run once more …');
  expect(summary.split('\n').slice(3)).toEqual([
    'unsteady, failed and then passed when the step was run again:',
    'FAILED store a.test.ts > moves: no',
    'FAILED part faults, its last lines:',
    '  engine died',
    '',
    '6 passed, 0 failed',
    '',
  ]);
});

it('does not repeat a suite that failed broadly', async () => {
  const { printed, total } = await endOf({
    suites: [unsteadyStep('test', '4 passed, 4 failed', '8 passed, 0 failed')],
    parts: [],
  });
  expect(printed).not.toContain('once more');
  expect(total).toMatchObject({ passed: 4, failed: 4 });
});
