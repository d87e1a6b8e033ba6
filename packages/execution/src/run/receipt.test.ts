import { type CallOptions, FunctionCapture } from '@daggerml/capture';
import { checkSchema, type DatumId } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import { captureCall } from '../capture-call.ts';
import { surroundingsOf } from './receipt.ts';
import type { RunNode } from './run-node.ts';

const steps = `
import { existsSync, writeFileSync } from 'node:fs';
export const twice = (x: number) => x * 2;
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
  it('is linked by the exec, one and the same for all calls of a process [DML-EXE-1801]', async () => {
    const run = workspace.begin();
    const [first, second] = [await twice(run, 1), await twice(run, 2)];
    expect(receiptIdOf(run, first)).toBe(receiptIdOf(run, second));
    expect(workspace.store.has('datum', receiptIdOf(run, first))).toBe(true);
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

  it('names no host, no user and no path [DML-EXE-1811]', async () => {
    const run = workspace.begin();
    const values = Object.values(receiptOf(run, await twice(run, 3))).map(String);
    for (const value of values) expect(value).not.toMatch(/[/\\]/);
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
  });
});
