import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { judge } from './coverage.mjs';
import { RanScripts } from './ran-scripts.mjs';

/** A report in which the first `taken` of ten arms of one package were taken. */
function reportOf(taken) {
  const locations = Array.from({ length: 10 }, (_, line) => ({ start: { line: line + 1, column: 0 } }));
  const arms = locations.map((_, arm) => (arm < taken ? 1 : 0));
  return { 'packages/a/src/x.ts': { branchMap: { 0: { locations } }, b: { 0: arms } } };
}

it('is red at 90 % or below, and where no branch is looked at', () => {
  const told = [];
  const judged = (taken, ranAt = () => false) => judge(reportOf(taken), ranAt, (text) => told.push(text));
  expect(judged(10)).toEqual([]);
  expect(judged(9)).toEqual(['a: only 90.0 % of 10 branches are taken']);
  expect(
    judge(
      {},
      () => true,
      () => undefined,
    ),
  ).toEqual(['no branch was looked at']);
  expect(told[0]).toBe('a: 100.0 % of 10 branches\n');
});

it('counts a branch that only a program has taken', () => {
  const ranAt = (path, { line }) => path === 'packages/a/src/x.ts' && line === 10;
  expect(judge(reportOf(9), ranAt, () => undefined)).toEqual([]);
});

it('finds what programs and their threads have run, by the places of the sources', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'daggerml coverage ')));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const source = [
    "import { isMainThread, Worker } from 'node:worker_threads';",
    'interface Unused { a: string }',
    'if (isMainThread) {',
    '  new Worker(new URL(import.meta.url));',
    '} else {',
    "  console.log('in a thread');",
    '}',
    "if (process.argv[2] === 'never') {",
    "  console.log('never');",
    '}',
  ].join('\n');
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    fileName: '../src/x.ts',
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, sourceMap: true },
  });
  const [dist, left] = [join(root, 'packages/a/dist'), join(root, 'left')];
  for (const folder of [dist, left]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(dist, 'x.js'), outputText);
  writeFileSync(join(dist, 'x.js.map'), sourceMapText);
  const env = { ...process.env, NODE_V8_COVERAGE: left };
  expect(spawnSync(process.execPath, [join(dist, 'x.js')], { env, encoding: 'utf8' }).stdout).toBe(
    'in a thread\n',
  );
  const ran = new RanScripts(root);
  writeFileSync(join(left, 'half.json'), '{ "result": [');
  ran.takeIn(left);
  expect(readdirSync(left)).toEqual(['half.json']);
  const at = (line) => ran.hasRun('packages/a/src/x.ts', { line, column: 2 });
  expect([4, 6, 9].map(at)).toEqual([true, true, false]);
  expect(ran.hasRun('packages/a/src/other.ts', { line: 4, column: 2 })).toBe(false);
});
