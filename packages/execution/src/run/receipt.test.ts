import { type CallOptions, FunctionCapture } from '@daggerml/capture';
import { checkSchema, type DatumId } from '@daggerml/object-model';
import { type BlobHandle, liftDatum } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import { captureCall } from '../capture-call.ts';
import type { CapturedFacts } from './callee.ts';
import { surroundingsOf } from './receipt.ts';
import { presentSources, type ReceiptFacts } from './receipt-sources.ts';
import type { RunNode } from './run-node.ts';

const steps = `
import { existsSync, writeFileSync } from 'node:fs';
export const twice = (x: number) => x * 2;
export const thrice = (x: number) => x * 3;
export const die = (flag: string) => {
  if (existsSync(flag)) return 'survived';
  writeFileSync(flag, '');
  (process as never as { reallyExit(code: number): never }).reallyExit(3);
};
`;
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(steps, { program: 'daggerml 1.2.3' });
});
afterAll(() => workspace.close());

interface Sources {
  readonly files: Readonly<Record<string, BlobHandle>>;
  readonly libraries: readonly unknown[];
}

const receiptIdOf = (run: TestRun, node: RunNode): DatumId => run.exec(node).receiptDatumId as DatumId;

function receiptOf(run: TestRun, node: RunNode): Record<string, unknown> {
  return liftDatum(run.open.objects, receiptIdOf(run, node)) as Record<string, unknown>;
}

/** Calls `twice` and waits for it. */
async function twice(run: TestRun, input: number, options: CallOptions = {}): Promise<RunNode> {
  const node = run.call('twice', [input], options);
  await run.outcome(node);
  return node;
}

describe('the receipt of a call', () => {
  it('is linked by the exec [DML-EXE-1801]', async () => {
    const run = workspace.begin();
    const node = await twice(run, 12);
    expect(workspace.store.has('datum', receiptIdOf(run, node))).toBe(true);
  });

  it('is one and the same for all calls of a function in as many attempts [DML-EXE-3510]', async () => {
    const run = workspace.begin();
    const [first, second] = [await twice(run, 1), await twice(run, 2)];
    expect(receiptIdOf(run, first)).toBe(receiptIdOf(run, second));
    const again = workspace.begin();
    expect(receiptIdOf(again, await twice(again, 13))).toBe(receiptIdOf(run, first));
    const other = run.call('thrice', [1]);
    await run.outcome(other);
    expect(receiptIdOf(run, other)).toBe(receiptIdOf(run, first));
  });

  it('names what ran the call, and which attempt it was [DML-EXE-1802]', async () => {
    const run = workspace.begin();
    const node = run.call('die', [`${workspace.folder}/flag`]);
    await run.outcome(node);
    expect(receiptOf(run, node)).toEqual({
      adapter: 'dml-worker',
      attempt: 2,
      backend: 'worker thread',
      bundler: expect.stringMatching(/^esbuild \d+\.\d+\.\d+, oxc-minify \d+\.\d+\.\d+$/),
      executor: 'daggerml 1.2.3',
      platform: `${process.platform}-${process.arch}`,
      runtime: `node ${process.versions.node}`,
      schema: 1,
      sources: expect.anything(),
    });
  });

  it('names the tools that made the bundle, wherever that was [DML-EXE-1802]', async () => {
    const run = workspace.begin();
    const bundlerOf = async (bundler: string | undefined, input: number): Promise<unknown> => {
      const spec = captureCall(run.reference('twice'), new FunctionCapture(), run.open.files);
      const { captured, ...rest } = spec;
      const node = run.open.run.addCall(
        bundler === undefined || !captured ? rest : { ...rest, captured: { ...captured, bundler } },
        [run.literal(input)],
      );
      await run.outcome(node);
      return receiptOf(run, node).bundler;
    };
    expect(await bundlerOf('esbuild 9.9.9, oxc-minify 9.9.9', 10)).toBe('esbuild 9.9.9, oxc-minify 9.9.9');
    expect(await bundlerOf(undefined, 11)).toBe('unknown');
  });

  it('carries the schema 1 [DML-EXE-1813]', async () => {
    const run = workspace.begin();
    const receipt = run.open.objects.readDatum(receiptIdOf(run, await twice(run, 4)));
    expect(checkSchema(receipt, 1, run.open.objects)).toBe(1);
  });

  it('holds the sources of the function, as they were [DML-EXE-3511]', async () => {
    const run = workspace.begin();
    const { sources } = receiptOf(run, await twice(run, 14)) as { sources: Sources };
    expect(Object.keys(sources.files)).toEqual(['steps.ts']);
    expect(await sources.files['steps.ts']?.text()).toBe(steps);
    expect(sources.libraries).toEqual([]);
  });

  it('holds the sources of the functions that it calls [DML-EXE-3512]', () => {
    const captured = (name: string, ...callees: ReceiptFacts[]): ReceiptFacts => ({
      natives: [],
      bundler: '',
      libraries: [{ name: `lib-${name}`, version: '1.0.0', sha256: name }],
      sources: () => ({ folder: `/p/${name}`, files: [{ file: `/p/${name}/${name}.ts`, text: name }] }),
      callees: new Map(callees.map((callee, at) => [String(at) as DatumId, callee as CapturedFacts])),
    });
    const deep = captured('c');
    const found = presentSources(captured('a', captured('b', deep), deep));
    expect([...found.files].map(([path, { text }]) => [path, text()])).toEqual([
      ['a.ts', 'a'],
      ['../b/b.ts', 'b'],
      ['../c/c.ts', 'c'],
    ]);
    expect(found.libraries.map(({ name }) => name)).toEqual(['lib-a', 'lib-b', 'lib-c']);
  });

  it('names no host, no user and no absolute path [DML-EXE-1811]', async () => {
    const run = workspace.begin();
    const { sources, ...rest } = receiptOf(run, await twice(run, 3)) as { sources: Sources };
    for (const value of Object.values(rest).map(String)) expect(value).not.toMatch(/[/\\]/);
    for (const path of Object.keys(sources.files)) expect(path).not.toMatch(/^[/\\]|:/);
    expect(surroundingsOf('program')).toEqual({
      program: 'program',
      nodeVersion: process.versions.node,
      platform: process.platform,
      architecture: process.arch,
    });
  });

  it('has no part in execution key and result [DML-EXE-1805]', async () => {
    const before = workspace.begin({ workName: 'before' });
    const first = await twice(before, 4);
    const exec = before.exec(first);
    await workspace.reopen({ program: 'daggerml 9.9.9' });
    const after = workspace.begin({ workName: 'after' });
    const second = await twice(after, 4, { cache: false });
    expect(receiptIdOf(after, second)).not.toBe(exec.receiptDatumId);
    expect(after.exec(second).resultDagId).toEqual(exec.resultDagId);
    expect(workspace.store.cacheEntries(keyOf(first))).toContain(second.execId);
    await workspace.reopen({ program: 'daggerml 1.2.3' });
  });
});
