import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { review } from '../src/commands.ts';
import { runWithVitest } from '../src/mutation/citing-run.ts';
import { mutate } from '../src/mutation/command-mutate.ts';
import { createScratchCopy } from '../src/mutation/scratch-copy.ts';
import { readReport } from '../src/results.ts';
import { resultsOf, SOURCE, VERIFIED } from './memory-suite.ts';
import { snapshot, temporaryRepository, writeInto } from './temporary-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const FIXTURE = join(import.meta.dirname, 'fixtures/mutation');
const INSTALLED = join(import.meta.dirname, '../../../node_modules');
const TOOL = join(import.meta.dirname, '../dist/cli.js');

/** A small package with a strong test, a hollow one, and code that must work before tests run. */
function mutableRepository(): string {
  const root = temporaryRepository();
  cpSync(FIXTURE, root, { recursive: true });
  symlinkSync(INSTALLED, join(root, 'node_modules'), 'dir');
  const leaves = {
    name: [
      'accepts 255 bytes and refuses 256 [DML-OBJ-0001]',
      'claims to refuse an empty name [DML-OBJ-0002]',
    ],
    refused: ['refuses a blank [DML-OBJ-0003]'],
  };
  for (const [file, titles] of Object.entries(leaves)) {
    const passed = Object.fromEntries(titles.map((title) => [title, 'passed']));
    const results = resultsOf(`packages/object-model/src/${file}.test.ts`, passed);
    writeInto(root, `test-results/${file}.json`, results);
  }
  review(root, 'all');
  return root;
}

describe('mutate', () => {
  it('knows strong tests from hollow ones and from those that do not run [DML-TRC-0904] [DML-TRC-0911]', async () => {
    const root = mutableRepository();
    const before = snapshot(root);
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    const { isRed, text } = await mutate({ root, ids: [], sampleSize: 9, seed: 1, say });
    expect(isRed).toBe(true);
    expect(text.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'seed 1',
      '',
      'id  outcome  operator  owner  broken code',
      'DML-OBJ-0001  killed  change-constant  packages/object-model/src/name.ts:1  255',
      'DML-OBJ-0002  survived  change-constant  packages/object-model/src/name.ts:5  0',
      'DML-OBJ-0003  not loaded  drop-operand  packages/object-model/src/refused.ts:2  name.match(/ /g) ?? []',
      '',
      '1 killed, 1 survived, 1 not loaded, 0 not mutable, 0 no baseline',
    ]);
    expect(said.slice(0, 3)).toEqual([
      '1/3 DML-OBJ-0001',
      '2/3 DML-OBJ-0002',
      '  survived change-constant 0',
    ]);
    expect(snapshot(root)).toEqual(before);
  });

  it.each([
    ['passed', 'failed', false],
    ['passed', 'timed_out', false],
    ['passed', 'passed', true],
    ['passed', 'not_loaded', true],
    ['failed', 'failed', true],
  ] as const)(
    'of one that is named, with tests that %s and broken %s, is red: %s [DML-TRC-0809] [DML-TRC-0909]',
    async (whole, broken, isRed) => {
      const outcomes = [whole, broken];
      const asked: string[] = [];
      const answer = await mutate({
        root: mutableRepository(),
        ids: ['DML-OBJ-0001', 'DML-OBJ-0001'],
        sampleSize: 1,
        seed: 1,
        say: () => undefined,
        runTests: async (_folder, _files, id) => {
          asked.push(id);
          return outcomes.shift()!;
        },
      });
      expect([answer.isRed, new Set(asked)]).toEqual([isRed, new Set(['DML-OBJ-0001'])]);
    },
  );
});

describe('the tests that cite an id', () => {
  const run = (folder: string, timeoutMs: number) =>
    runWithVitest(folder, ['packages/object-model/src/name.test.ts'], 'DML-OBJ-0001', timeoutMs);

  it('run without others of their file, and are ended when they take too long [DML-TRC-0903] [DML-TRC-0904]', async () => {
    const { folder, remove } = createScratchCopy(mutableRepository());
    onTestFinished(remove);
    expect(await run(folder, 3_600_000)).toBe('passed');
    const { tests } = readReport(readFileSync(join(folder, '.spec-extract-report.json'), 'utf8'));
    const ran = tests.filter(({ outcome }) => outcome !== 'skipped').map(({ cited }) => cited);
    expect(ran).toEqual([['DML-OBJ-0001']]);
    expect(await run(folder, 5)).toBe('timed_out');
  });
});

describe('the scratch copy', () => {
  it('holds the tree, links to what is installed and inside itself, and is removed [DML-TRC-0901]', () => {
    const root = temporaryRepository({
      ...VERIFIED,
      'node_modules/a/index.js': 'a',
      '.git/HEAD': 'x',
      'fixtures/.vite/c': 'c',
      'fixtures/test-results/a.json': '{}',
    });
    mkdirSync(join(root, 'packages/b/node_modules'), { recursive: true });
    symlinkSync('../../object-model', join(root, 'packages/b/node_modules/a'), 'dir');
    const before = snapshot(root);
    const copy = createScratchCopy(root);
    writeInto(copy.folder, 'node_modules/.vite/cache', 'cache');
    writeInto(copy.folder, 'packages/b/node_modules/a/src/name.ts', 'broken');
    expect(readFileSync(join(copy.folder, SOURCE), 'utf8')).toBe('broken');
    expect(readdirSync(copy.folder).sort()).toEqual(['fixtures', 'node_modules', 'packages', 'specs']);
    expect(readdirSync(join(copy.folder, 'fixtures'))).toEqual(['test-results']);
    expect(existsSync(join(copy.folder, 'node_modules/a/index.js'))).toBe(true);
    copy.remove();
    copy.remove();
    expect(existsSync(dirname(copy.folder))).toBe(false);
    expect(snapshot(root)).toEqual(before);
  });
});

it('a run that a signal ends leaves no copy and no process [DML-TRC-0906]', async () => {
  const root = mutableRepository();
  const before = snapshot(root);
  const temporary = temporaryRepository();
  const held = join(temporary, 'held');
  const env = { ...process.env, TMPDIR: temporary, HELD_BY: held };
  const child = spawn(process.execPath, [TOOL, 'mutate'], { cwd: root, env, stdio: 'ignore' });
  const ended = once(child, 'close');
  await vi.waitUntil(() => existsSync(held), { timeout: 3_600_000 });
  child.kill('SIGINT');
  expect(await ended).toEqual([1, null]);
  expect(readdirSync(temporary).filter((name) => name.startsWith('spec-extract-mutate-'))).toEqual([]);
  const group = -Number(readFileSync(held, 'utf8'));
  await vi.waitUntil(() => !isThere(group), { timeout: 3_600_000 });
  expect(snapshot(root)).toEqual(before);
});

function isThere(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
