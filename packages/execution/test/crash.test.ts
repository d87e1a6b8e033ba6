import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModule } from '../src/pipeline/load-module.ts';
import { Workspace } from './workspace.ts';

const steps = `
export const quick = (_: number) => Math.random();
export const hang = (_: number) => new Promise(() => { setInterval(() => {}, 1000); });
`;
const modules = join(import.meta.dirname, '../node_modules');
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(modules, '.crash-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const isAny = (names: readonly string[]): boolean => names.length > 0;

/** Runs the child until it reports a completed call, then kills it; yields the exec of the call. */
async function killAfterFirstCall(
  storePath: string,
  stepsFile: string,
  temporary = tmpdir(),
): Promise<string> {
  const script = join(scratch, 'child.mjs');
  writeFileSync(
    script,
    await compileModule(join(import.meta.dirname, 'crash-child.ts'), ['@daggerml/source', 'module']),
  );
  const child = spawn(process.execPath, [script, storePath, stepsFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  });
  const ended = new Promise<string | null>((resolve) => {
    child.on('exit', (_code, signal) => resolve(signal));
  });
  const line = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
  });
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  return line;
}

describe('a run that was killed', () => {
  it('has its completed calls answered from the cache by the next run [DML-EXE-1008]', async () => {
    const workspace = new Workspace();
    workspace.write(steps);
    mkdirSync(join(workspace.folder, 'store'));
    const execId = await killAfterFirstCall(
      join(workspace.folder, 'store'),
      join(workspace.folder, 'steps.ts'),
    );
    await workspace.reopen();
    const run = workspace.begin({ workName: 'crash' });
    const quick = run.call('quick', [1]);
    await run.outcome(quick);
    expect(run.counts).toEqual({ cached: 1 });
    expect(quick.execId).toBe(execId);
    await workspace.close();
  });

  it('leaves its bundles to the next run, which removes them [DML-EXE-0823]', async () => {
    const workspace = new Workspace();
    workspace.write(steps);
    const store = join(workspace.folder, 'store');
    mkdirSync(store);
    const temporary = join(workspace.folder, 'temporary');
    mkdirSync(temporary);
    await killAfterFirstCall(store, join(workspace.folder, 'steps.ts'), temporary);
    expect(readdirSync(temporary)).toEqual([]);
    const [left, ...others] = readdirSync(join(store, 'bundles')) as [string];
    expect([others, readdirSync(join(store, 'bundles', left))]).toEqual([[], expect.toSatisfy(isAny)]);
    await workspace.reopen();
    const run = workspace.begin({ workName: 'next' });
    expect(readdirSync(join(store, 'bundles'))).toEqual([]);
    expect(await run.outcome(run.call('quick', [2]))).toEqual(expect.any(Number));
    const [right] = readdirSync(join(store, 'bundles')) as [string];
    // Of a process that lives, whoever begins a run.
    workspace.begin({ workName: 'beside' });
    expect(readdirSync(join(store, 'bundles'))).toEqual([right]);
    await workspace.close();
  });
});
