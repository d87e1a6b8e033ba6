import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModule } from '@daggerml/capture/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const _isAny = (names: readonly string[]): boolean => names.length > 0;

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
});
