import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CaptureMemo, FunctionCapture, functions, memoKey, traceInSources } from '@daggerml/capture';
import { CaptureFixture, moduleIn, type SourceFiles } from '@daggerml/capture/testing';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Executor } from '../src/executor/executor.ts';
import { RunObjects } from '../src/objects/run-objects.ts';
import { Workspace } from './workspace.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const sources: SourceFiles = {
  'steps.ts': `import { sum } from './helper.ts';
import { readFileSync } from 'node:fs';
import { twice } from 'lib';
export const clean = (rows: number[]) => sum(rows.map(twice)); // a comment
export const load = (path: string) => [readFileSync(path, 'utf8'), Date.now()];
export const text = (rows: number[]) => clean.toString() + sum(rows);
export class Table { constructor(readonly rows: number[]) {} }
export default (rows: number[]) => new Table(rows).constructor.name;
`,
  'helper.ts': `class TooLong extends Error {}
export function sum(xs: number[]) {
  if (xs.length > 3) throw new TooLong();
  return xs.reduce((a, b) => a + b, 0);
}
`,
  'node_modules/lib/package.json': '{"name":"lib","main":"index.js"}',
  'node_modules/lib/index.js': `exports.twice = (x) => x * 2; exports.sep = require('path').sep;`,
};
const exportNames = ['clean', 'load', 'text', 'Table', 'default'];

let folders = 0;
function freshFolder(): string {
  return join(fixture.root, `memo-${folders++}`);
}

/** Everything that capturing each export tells, as a process tells it that has captured nothing yet. */
function told(folder: string, memoFolder?: string): readonly unknown[] {
  const capture = new FunctionCapture(memoFolder);
  return exportNames.map((exportName) => {
    const captured = capture.capture({ moduleUrl: moduleIn(folder), exportName });
    const { sources: files, ambientInputs, locator } = captured;
    const bundle = new TextDecoder().decode(captured.bundle);
    const frames = Array.from(bundle.matchAll(/\n|=>|\(/g), ({ index }) => {
      const before = bundle.slice(0, index).split('\n');
      return `at bundle:${before.length}:${(before.at(-1) ?? '').length + 1}`;
    });
    return { bundle, files, ambientInputs, trace: traceInSources(frames, locator) };
  });
}

function entriesOf(memoFolder: string): readonly string[] {
  return readdirSync(memoFolder).filter((name) => readFileSync(join(memoFolder, name)).length > 400);
}

describe('kept captures', () => {
  it('change nothing that capturing tells [DML-EXE-0529]', () => {
    const folder = fixture.write(sources);
    const memo = freshFolder();
    const without = told(folder);
    expect(told(folder, memo)).toEqual(without);
    expect(entriesOf(memo).length).toBeGreaterThanOrEqual(exportNames.length);
    expect(told(folder, memo)).toEqual(without);
    expect(JSON.stringify(without)).toContain('steps.ts:');
  });

  it.each([
    ['a comment', 'steps.ts', '// a comment', '// another one, and\n\n// lines'],
    ['a helper', 'helper.ts', 'a + b', 'a - b'],
    ['a library', 'node_modules/lib/index.js', 'x * 2', 'x + x'],
    ['the place of a read', 'steps.ts', 'export const load', '\n\nexport const load'],
    ['the name of a class', 'helper.ts', /TooLong/g, 'TooMany'],
    ['a name', 'helper.ts', /\bxs\b/g, 'values'],
  ])('let a change of %s do what it does without them [DML-EXE-0529]', (_what, file, from, to) => {
    const folder = fixture.write(sources);
    const memo = freshFolder();
    told(folder, memo);
    const path = join(folder, file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(from, to));
    expect(readFileSync(path, 'utf8')).not.toBe(before);
    expect(told(folder, memo)).toEqual(told(folder));
    expect(told(folder, memo)).toEqual(told(folder));
  });

  it('tell the places of each of two folders with the same sources [DML-EXE-0529]', () => {
    const memo = freshFolder();
    const [one, other] = [fixture.write(sources), fixture.write(sources)];
    expect([told(one, memo), told(other, memo)]).toEqual([told(one), told(other)]);
    expect(JSON.stringify(told(other, memo))).not.toContain(`${one}/`);
  });

  it('change nothing for a CommonJS file [DML-EXE-0529]', () => {
    const text =
      "const { twice } = require('lib'); exports.clean = (xs) => xs.map(twice); exports.other = () => 2;";
    const folder = fixture.write({ ...sources, 'steps.cjs': text });
    const memo = freshFolder();
    const bundles = (memoFolder?: string): readonly string[] => {
      const capture = new FunctionCapture(memoFolder);
      return ['clean', 'other'].map((exportName) =>
        new TextDecoder().decode(
          capture.capture({ moduleUrl: moduleIn(folder, 'steps.cjs'), exportName }).bundle,
        ),
      );
    };
    const without = bundles();
    for (let process = 0; process < 4; process++) expect(bundles(memo)).toEqual(without);
  });

  it('are used', () => {
    const folder = fixture.write({ 'steps.ts': 'export const clean = () => "the kept text";' });
    const memo = freshFolder();
    const capture = (): string =>
      new TextDecoder().decode(
        new FunctionCapture(memo).capture({ moduleUrl: moduleIn(folder), exportName: 'clean' }).bundle,
      );
    expect(capture()).toContain('the kept text');
    for (const name of readdirSync(memo)) {
      const kept = new CaptureMemo(memo).get(name)?.toString() ?? '';
      new CaptureMemo(memo).put(name, Buffer.from(kept.replace('the kept text', 'another text')));
    }
    expect(capture()).toContain('another text');
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 7)],
    ['empty', () => Buffer.alloc(0)],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from(';')])],
    [
      'of other bytes',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 90 ? byte ^ 1 : byte))),
    ],
    ['zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('are ignored when they are %s [DML-EXE-0530]', (_way, damage) => {
    const folder = fixture.write(sources);
    const memo = freshFolder();
    const without = told(folder);
    told(folder, memo);
    for (const name of readdirSync(memo))
      writeFileSync(join(memo, name), damage(readFileSync(join(memo, name))));
    expect(told(folder, memo)).toEqual(without);
  });

  it('are ignored under the name of others [DML-EXE-0530]', () => {
    const folder = fixture.write(sources);
    const memo = freshFolder();
    const without = told(folder);
    told(folder, memo);
    const names = readdirSync(memo);
    cpSync(memo, `${memo}-copy`, { recursive: true });
    names.forEach((name, index) => {
      cpSync(join(`${memo}-copy`, names[(index + 1) % names.length] as string), join(memo, name));
    });
    expect(told(folder, memo)).toEqual(without);
  });

  it('are not needed where they cannot be written', () => {
    const folder = fixture.write(sources);
    const file = freshFolder();
    writeFileSync(file, 'no folder');
    expect(told(folder, join(file, 'captures'))).toEqual(told(folder));
  });

  it('do not let an export that is gone or broken hinder another', () => {
    const folder = fixture.write({ 'steps.ts': 'export const clean = 1; export const gone = 2;' });
    const memo = freshFolder();
    const capture = (exportName: string): unknown =>
      new FunctionCapture(memo).capture({ moduleUrl: moduleIn(folder), exportName }).bundle;
    capture('clean');
    capture('gone');
    const before = capture('clean');
    writeFileSync(join(folder, 'steps.ts'), 'export const clean = 1; export const other = 3;');
    expect(capture('clean')).toEqual(before);
    expect(() => capture('gone')).toThrow(expect.objectContaining({ code: 'capture_failed' }));
    expect(capture('other')).not.toEqual(before);
  });

  it('lie in the folder that the caller names, and nowhere without one [DML-EXE-0540]', async () => {
    const workspace = await Workspace.create('export const clean = () => 1;');
    const captures = freshFolder();
    const capture = (executor: Executor): string =>
      executor.captureFunction(
        functions<{ clean: () => number }>(new URL(moduleIn(workspace.folder))).clean,
        new RunObjects(workspace.store),
      ).uri;
    const before = readdirSync(workspace.folder, { recursive: true });
    const uri = capture(workspace.executor);
    expect(readdirSync(workspace.folder, { recursive: true })).toEqual(before);
    await workspace.reopen({ captureFolder: captures });
    expect(capture(workspace.executor)).toBe(uri);
    const names = readdirSync(captures);
    expect(names).toHaveLength(2);
    expect(readdirSync(workspace.folder, { recursive: true })).toEqual(before);
    rmSync(captures, { recursive: true });
    await workspace.reopen({ captureFolder: captures });
    expect(capture(workspace.executor)).toBe(uri);
    expect(readdirSync(captures)).toEqual(names);
    await workspace.close();
  });

  it('are for their user alone, whatever the umask [DML-EXE-0546]', () => {
    const umask = process.umask(0);
    try {
      const folder = fixture.write(sources);
      const memo = join(freshFolder(), 'not there', 'captures');
      told(folder, memo);
      expect(statSync(memo).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(memo)) expect(statSync(join(memo, name)).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(umask);
    }
  });

  it('leave nothing else in their folder', () => {
    const folder = fixture.write(sources);
    const memo = freshFolder();
    told(folder, memo);
    told(folder, memo);
    expect(readdirSync(memo)).toSatisfy((names: string[]) =>
      names.every((name) => /^[0-9a-f]{64}$/.test(name)),
    );
  });
});

describe('CaptureMemo', () => {
  const key = memoKey(['key']);
  const present = (folder: string): string | undefined => new CaptureMemo(folder).get(key)?.toString();

  /** A folder in which a result is kept. */
  function keeping(): string {
    const folder = freshFolder();
    new CaptureMemo(folder).put(key, Buffer.from('kept'));
    expect(present(folder)).toBe('kept');
    return folder;
  }

  it.each([0o770, 0o707, 0o722])('uses no folder that others may write to (%o) [DML-EXE-0541]', (mode) => {
    const folder = keeping();
    chmodSync(folder, mode);
    expect(present(folder)).toBeUndefined();
    new CaptureMemo(folder).put(memoKey(['other']), Buffer.from('other'));
    expect(readdirSync(folder)).toEqual([key]);
    expect(() => new CaptureMemo(folder).withFiles({ 'a.mjs': '' }, () => {})).toThrow();
    chmodSync(folder, 0o755);
    expect(present(folder)).toBe('kept');
  });

  it('uses no folder of another user, and none behind a link [DML-EXE-0541]', () => {
    const folder = keeping();
    const link = freshFolder();
    symlinkSync(folder, link);
    expect(present(link)).toBeUndefined();
    const other = vi.spyOn(process, 'geteuid').mockReturnValue(statSync(folder).uid + 1);
    const seen = present(folder);
    other.mockRestore();
    expect([seen, present(folder)]).toEqual([undefined, 'kept']);
  });

  it('ignores a file that others may write to, and one behind a link [DML-EXE-0542]', () => {
    const folder = keeping();
    for (const mode of [0o620, 0o602]) {
      chmodSync(join(folder, key), mode);
      expect(present(folder)).toBeUndefined();
    }
    chmodSync(join(folder, key), 0o644);
    expect(present(folder)).toBe('kept');
    const aside = freshFolder();
    renameSync(join(folder, key), aside);
    symlinkSync(aside, join(folder, key));
    expect(present(folder)).toBeUndefined();
  });

  it('ignores a file of another user [DML-EXE-0542]', () => {
    const folder = keeping();
    const memo = new CaptureMemo(folder);
    // The folder is found to be its own first.
    expect(memo.get(memoKey(['other']))).toBeUndefined();
    const other = vi.spyOn(process, 'geteuid').mockReturnValue(statSync(folder).uid + 1);
    const seen = memo.get(key);
    other.mockRestore();
    expect([seen, memo.get(key)?.toString()]).toEqual([undefined, 'kept']);
  });

  const kept = (folder: string, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => {
      const key = memoKey([String(index)]);
      new CaptureMemo(folder).put(key, new Uint8Array(1000));
      const changed = new Date(Date.now() - (count - index) * 60_000);
      utimesSync(join(folder, key), changed, changed);
      return key;
    });

  it('removes what was not used for long, the oldest above its size, and drafts [DML-EXE-0531]', () => {
    const folder = freshFolder();
    const keys = kept(folder, 9);
    const old = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
    mkdirSync(join(folder, 'scratch-left'));
    utimesSync(join(folder, 'scratch-left'), old, old);
    mkdirSync(join(folder, 'scratch-new'));
    const added = memoKey(['added']);
    new CaptureMemo(folder, { sizeBytes: 4 * 1064, unusedMs: 1e12 }).put(added, new Uint8Array(1));
    expect(readdirSync(folder).sort()).toEqual([...keys.slice(-4), added, 'scratch-new'].sort());
    utimesSync(join(folder, keys[8] as string), old, old);
    new CaptureMemo(folder).put(added, new Uint8Array(1));
    expect(readdirSync(folder).sort()).toEqual([...keys.slice(5, 8), added, 'scratch-new'].sort());
  });

  it('counts from the last use [DML-EXE-0531]', () => {
    const folder = freshFolder();
    const [used = '', unused = ''] = kept(folder, 2);
    const old = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
    for (const key of [used, unused]) utimesSync(join(folder, key), old, old);
    const memo = new CaptureMemo(folder);
    expect(memo.get(used)).toHaveLength(1000);
    memo.put(memoKey(['added']), new Uint8Array(1));
    expect([memo.get(used)?.length, memo.get(unused)]).toEqual([1000, undefined]);
  });

  it('tells keys of different parts apart', () => {
    expect(new Set([['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', '']].map(memoKey)).size).toBe(4);
  });
});
