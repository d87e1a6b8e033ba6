import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../src/dispatch.ts';
import { runWithVitest } from '../src/mutation/citing-run.ts';
import { mutate } from '../src/mutation/command-mutate.ts';
import { createScratchCopy } from '../src/mutation/scratch-copy.ts';
import { readVitestReport } from '../src/vitest-report.ts';
import { resultsOf, TODAY, VERIFIED } from './memory-suite.ts';
import { snapshot, temporaryRepository, writeInto } from './temporary-repository.ts';
import { runTool, TOOL } from './tool-process.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const FIXTURE = join(import.meta.dirname, 'fixtures/mutation');
const INSTALLED = join(import.meta.dirname, '../../../node_modules');

/** A small package with a strong test, a hollow one, a type that decides, and code that must work before tests run. */
async function mutableRepository(): Promise<string> {
  const root = temporaryRepository();
  cpSync(FIXTURE, root, { recursive: true });
  symlinkSync(INSTALLED, join(root, 'node_modules'), 'dir');
  const leaves = {
    name: [
      'accepts 255 bytes and refuses 256 [DML-OBJ-0001]',
      'claims to refuse an empty name [DML-OBJ-0002]',
      'accepts a text [DML-OBJ-0003]',
    ],
    refused: ['refuses a slash [DML-OBJ-0004]', 'refuses a blank [DML-OBJ-0005]'],
  };
  for (const [file, titles] of Object.entries(leaves)) {
    const passed = Object.fromEntries(titles.map((title) => [title, 'passed']));
    const results = resultsOf(`packages/object-model/src/${file}.test.ts`, passed);
    writeInto(root, `test-results/${file}.json`, results);
  }
  await run(['review', '--all'], { folder: root, today: TODAY, say: () => undefined });
  return root;
}

describe('mutate', () => {
  it('tells strong tests from hollow ones and from those that do not run [DML-TRC-0904] [DML-TRC-0911]', async () => {
    const root = await mutableRepository();
    const before = snapshot(root);
    const said: string[] = [];
    const answer = await mutate({
      root,
      today: TODAY,
      choice: { sampleSize: 9, seed: 1 },
      say: (text) => said.push(text),
      timeoutMs: 3_600_000,
    });
    expect(answer).toMatchObject({
      exitCode: 1,
      json: {
        counts: { killed: 1, survived: 1, not_loaded: 2, not_mutable: 1, no_baseline: 0 },
        rows: [
          {
            id: 'DML-OBJ-0001',
            outcome: 'killed',
            operator: 'change-constant',
            original: '255',
            tests: 'failed',
          },
          {
            id: 'DML-OBJ-0002',
            outcome: 'survived',
            operator: 'change-constant',
            original: '0',
          },
          { id: 'DML-OBJ-0003', outcome: 'not_mutable' },
          { id: 'DML-OBJ-0004', outcome: 'not_loaded', operator: 'delete', tests: 'not_loaded' },
          { id: 'DML-OBJ-0005', outcome: 'not_loaded', operator: 'change-constant', tests: 'not_loaded' },
        ],
      },
    });
    expect(answer.text).toMatch(/^5 of 5 verified requirements, seed 1\n\nid +outcome /);
    expect(answer.text).toMatch(/\n1 killed, 1 survived, 2 not loaded, 1 not mutable, 0 no baseline$/);
    expect(said).toEqual([
      'trying 5 of 5 verified requirements, seed 1 …',
      '1/5 DML-OBJ-0001',
      '2/5 DML-OBJ-0002',
      '  survived change-constant: 0',
      '3/5 DML-OBJ-0003',
      '  not mutable',
      '4/5 DML-OBJ-0004',
      "  not loaded delete: new Set(['/'])",
      '5/5 DML-OBJ-0005',
      '  not loaded change-constant: / /g',
    ]);
    expect(snapshot(root)).toEqual(before);
  });

  it.each([
    ['passed', 'failed', 0],
    ['passed', 'timed_out', 0],
    ['passed', 'passed', 1],
    ['passed', 'not_loaded', 1],
    ['failed', 'failed', 1],
  ] as const)(
    'ends by tests that %s, and broken %s, with %i [DML-TRC-0809]',
    async (whole, broken, exitCode) => {
      const root = await mutableRepository();
      const outcomes = [whole, broken];
      const answer = await mutate({
        root,
        today: TODAY,
        choice: { ids: ['DML-OBJ-0001'], seed: 1 },
        say: () => undefined,
        runTests: async ({ ids }) => new Map(ids.map((id) => [id, outcomes.shift()!])),
      });
      expect(answer.exitCode).toBe(exitCode);
    },
  );
});

describe('the tests that cite an id', () => {
  const run = (folder: string, timeoutMs: number) =>
    runWithVitest({
      folder,
      files: ['packages/object-model/src/name.test.ts'],
      ids: ['DML-OBJ-0001'],
      timeoutMs,
      signal: new AbortController().signal,
    });

  it('run without others of their file [DML-TRC-0903]', async () => {
    const { folder, remove } = createScratchCopy(await mutableRepository());
    onTestFinished(remove);
    expect(await run(folder, 3_600_000)).toEqual(new Map([['DML-OBJ-0001', 'passed']]));
    const { tests } = readVitestReport(readFileSync(join(folder, '.spec-extract-report.json'), 'utf8'));
    const ran = tests.filter(({ outcome }) => outcome !== 'skipped').map(({ title }) => title);
    expect(ran).toEqual(['accepts 255 bytes and refuses 256 [DML-OBJ-0001]']);
  });

  it('are ended when they take too long, workers included [DML-TRC-0904]', async () => {
    const { folder, remove } = createScratchCopy(await mutableRepository());
    onTestFinished(remove);
    expect(await run(folder, 5)).toEqual(new Map([['DML-OBJ-0001', 'timed_out']]));
  });
});

describe('the scratch copy', () => {
  it('holds the tree, links what is installed and is removed [DML-TRC-0901]', () => {
    const root = temporaryRepository({
      ...VERIFIED,
      'node_modules/a/index.js': 'a',
      '.git/HEAD': 'x',
      'fixtures/.vite/c': 'c',
      'fixtures/test-results/a.json': '{}',
    });
    const before = snapshot(root);
    const copy = createScratchCopy(root);
    writeInto(copy.folder, 'packages/object-model/src/name.ts', 'broken');
    writeInto(copy.folder, 'node_modules/.vite/cache', 'cache');
    expect(readdirSync(copy.folder).sort()).toEqual(['fixtures', 'node_modules', 'packages', 'specs']);
    expect(readdirSync(join(copy.folder, 'fixtures'))).toEqual(['test-results']);
    expect(existsSync(join(copy.folder, 'node_modules/a/index.js'))).toBe(true);
    copy.remove();
    copy.remove();
    expect(existsSync(dirname(copy.folder))).toBe(false);
    expect(snapshot(root)).toEqual(before);
  });

  it('keeps links between packages inside the copy [DML-TRC-0901]', () => {
    const root = temporaryRepository({
      'packages/a/index.js': 'a',
      'packages/b/node_modules/c/index.js': 'c',
    });
    symlinkSync('../../a', join(root, 'packages/b/node_modules/a'), 'dir');
    const copy = createScratchCopy(root);
    writeInto(copy.folder, 'packages/b/node_modules/a/index.js', 'broken');
    expect(snapshot(root)['packages/a/index.js']).toBe('a');
    copy.remove();
    expect(existsSync(copy.folder)).toBe(false);
  });
});

describe('an interrupted run', () => {
  /** Ends the command by a signal while the test of the first mutant waits. */
  const interrupted = async (
    signal: NodeJS.Signals,
  ): Promise<{ left: string[]; unchanged: boolean; signal: string | null }> => {
    const root = await mutableRepository();
    const before = snapshot(root);
    const temporary = temporaryRepository();
    const held = join(temporary, 'held');
    const ending = await runTool(TOOL, ['mutate', 'object-model'], {
      folder: root,
      environment: { TMPDIR: temporary, TMP: temporary, TEMP: temporary, HELD_BY: held },
      interfere: async ({ kill }) => {
        await vi.waitUntil(() => existsSync(held), { timeout: 3_600_000 });
        kill(signal);
      },
    });
    const left = readdirSync(temporary).filter((name) => name.startsWith('spec-extract-mutate-'));
    const unchanged = JSON.stringify(snapshot(root)) === JSON.stringify(before);
    if (left.length > 0) process.kill(-Number(readFileSync(held, 'utf8')), 'SIGKILL');
    return { left, unchanged, signal: ending.signal };
  };

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s removes the copy and ends by the signal [DML-TRC-0906]',
    async (signal) => {
      expect(await interrupted(signal)).toEqual({ left: [], unchanged: true, signal });
    },
  );

  it('by SIGKILL leaves no mutant in the working tree [DML-TRC-0901]', async () => {
    expect(await interrupted('SIGKILL')).toMatchObject({
      left: [expect.any(String)],
      unchanged: true,
      signal: 'SIGKILL',
    });
  });
});
