import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { judge } from './coverage.mjs';
import { RanScripts } from './ran-scripts.mjs';

const X = 'packages/a/src/x.ts';

/** A report in which the first `taken` of ten arms of one package were taken. */
function reportOf(taken) {
  const locations = Array.from({ length: 10 }, (_, line) => ({ start: { line: line + 1, column: 0 } }));
  const arms = locations.map((_, arm) => (arm < taken ? 1 : 0));
  return { [X]: { branchMap: { 0: { type: 'switch', locations } }, b: { 0: arms } } };
}

it('is red at 90 % or below, and where no branch is looked at', () => {
  const [told, untaken] = [[], []];
  const listeners = { tell: (text) => told.push(text), onUntaken: (place) => untaken.push(place) };
  const judged = (taken) => judge(reportOf(taken), () => false, listeners);
  expect(judged(10)).toEqual([]);
  expect(judged(8)).toEqual(['a: only 80.0 % of 10 branches are taken']);
  expect(judge({}, () => true, listeners)).toEqual(['no branch was looked at']);
  expect(told).toEqual(['a: 100.0 % of 10 branches', 'a: 80.0 % of 10 branches']);
  expect(untaken).toEqual(['packages/a/src/x.ts:9', 'packages/a/src/x.ts:10']);
});

it('counts a branch that only a program has taken', () => {
  const hasTaken = (path, { type }, arm) => path === X && type === 'switch' && arm >= 8;
  expect(judge(reportOf(8), hasTaken, { tell: () => undefined })).toEqual([]);
});

it('finds what programs and their threads have run, by the places of the sources', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'daggerml coverage ')));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const source = [
    "import { isMainThread, parentPort, Worker } from 'node:worker_threads';",
    'interface Unused { a: string }',
    'if (isMainThread) {',
    '  new Worker(new URL(import.meta.url), { env: {} });',
    '} else {',
    "  console.log('in a thread'); parentPort.postMessage(0);",
    '}',
    "for (const each of ['a', 'b']) if (each === 'a') console.log(each);",
    'if (isMainThread || true) console.log(process.argv.length > 1 ? 1 : 2);',
    "if (process.argv[2] === 'never') {",
    "  console.log('never');",
    '}',
  ].join('\n');
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    fileName: '../src/x.ts',
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, sourceMap: true },
  });
  const [dist, left, maps] = ['packages/a/dist', 'left', 'maps'].map((folder) => join(root, folder));
  for (const folder of [dist, left, join(maps, 'a')]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(dist, 'x.js'), outputText);
  writeFileSync(join(maps, 'a/x.js.map'), sourceMapText);
  const preload = join(root, 'preload.cjs');
  const counter = JSON.stringify(join(import.meta.dirname, 'thread-coverage.cjs'));
  writeFileSync(preload, `require(${counter})(${JSON.stringify(left)}, __filename);`);
  const options = `--require ${JSON.stringify(preload)}`;
  const env = { ...process.env, NODE_V8_COVERAGE: left, NODE_OPTIONS: options };
  expect(spawnSync(process.execPath, [join(dist, 'x.js')], { env, encoding: 'utf8' }).stdout).toBe(
    'a\n1\nin a thread\na\n1\n',
  );
  const ran = new RanScripts(root, maps);
  writeFileSync(join(left, 'half.json'), '{ "result": [');
  ran.takeIn(left);
  expect(readdirSync(left)).toEqual(['half.json']);
  const start = (line, column = 0) => ({ start: { line, column } });
  const ifAt = (line, column) =>
    [0, 1].map((arm) => ran.hasTaken(X, { type: 'if', loc: start(line, column) }, arm));
  expect({ threads: ifAt(3), loop: ifAt(8, 32), always: ifAt(9), never: ifAt(10) }).toEqual({
    threads: [true, true],
    loop: [true, true],
    always: [true, false],
    never: [false, true],
  });
  const choice = { type: 'cond-expr', locations: [start(9, 64), start(9, 68)] };
  expect([0, 1].map((arm) => ran.hasTaken(X, choice, arm))).toEqual([true, false]);
  expect(ran.hasTaken('packages/a/src/other.ts', choice, 0)).toBe(false);
});

it('finds what has run of the modules that a program was bundled of', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'daggerml coverage ')));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [dist, left, maps] = ['packages/a/dist', 'left', 'maps'].map((folder) => join(root, folder));
  for (const folder of [join(dist, 'program'), left, join(maps, 'a')]) mkdirSync(folder, { recursive: true });
  const source = [
    'export function size(count: number): string {',
    '  // Left out of what is built.',
    "  if (count > 2) return count > 10 ? 'huge' : 'large';",
    '',
    "  if (count < 0) return 'none';",
    "  return count === 0 ? 'empty' : 'small';",
    '}',
    'console.log(size(5), size(0));',
  ].join('\n');
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, sourceMap: true };
  const compile = (text, fileName, more) =>
    ts.transpileModule(text, { fileName, compilerOptions: { ...options, ...more } });
  const built = compile(source, '../src/x.ts', { removeComments: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(dist, 'x.js'), built.outputText);
  writeFileSync(join(maps, 'a/x.js.map'), built.sourceMapText);
  const program = compile(built.outputText, 'x.js', { module: ts.ModuleKind.CommonJS });
  writeFileSync(join(dist, 'program/package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(dist, 'program/p.js'), program.outputText);
  const map = { ...JSON.parse(program.sourceMapText), sources: ['../x.js'] };
  writeFileSync(join(dist, 'program/p.js.map'), JSON.stringify(map));
  const env = { ...process.env, NODE_V8_COVERAGE: left };
  const { stdout } = spawnSync(process.execPath, [join(dist, 'program/p.js')], { env, encoding: 'utf8' });
  expect(stdout).toBe('large empty\n');
  const ran = new RanScripts(root, maps);
  ran.takeIn(left);
  const start = (line, column) => ({ start: { line, column } });
  const arms = (line, type, columns) => {
    const branch = { type, loc: start(line, 2), locations: columns.map((column) => start(line, column)) };
    return columns.map((_, arm) => ran.hasTaken(X, branch, arm));
  };
  expect([arms(3, 'if', [2, 2]), arms(5, 'if', [2, 2])]).toEqual([
    [true, true],
    [false, true],
  ]);
  expect([arms(3, 'cond-expr', [35, 44]), arms(6, 'cond-expr', [23, 33])]).toEqual([
    [false, true],
    [true, false],
  ]);
});
