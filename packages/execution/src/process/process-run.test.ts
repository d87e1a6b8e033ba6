import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { findProgram } from './find-program.ts';
import { markedProcesses } from './marked-processes.ts';
import { ProcessRun } from './process-run.ts';

const PATH = process.env.PATH ?? '';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dml-process-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(folder: string, shell: string): ProcessRun & { mark: string } {
  const mark = randomUUID();
  const program = findProgram('sh', { path: PATH, folder }) as string;
  const run = new ProcessRun({ program, args: ['sh', '-c', shell], folder, env: { PATH, MARK: mark }, mark });
  run.stderr.resume();
  return Object.assign(run, { mark });
}

async function output(run: ProcessRun): Promise<string> {
  let text = '';
  for await (const piece of run.stdout) text += String(piece);
  return text;
}

function lives(pid: number): boolean {
  try {
    // One that has ended and was not collected by its new parent has no memory.
    return readFileSync(`/proc/${pid}/statm`, 'utf8')[0] !== '0';
  } catch {
    return false;
  }
}

describe.runIf(process.platform === 'linux')('a program', () => {
  it.each([
    ['in its group', 'sleep 1000 >/dev/null 2>&1 &'],
    ['in another session', 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'],
    ['that holds its output', 'setsid sleep 1000 &'],
    ['that does not inherit its environment', 'env -i sleep 1000 >/dev/null 2>&1 &'],
  ])('leaves no process %s [DML-EXE-3310]', async (_, background) => {
    const run = start(newFolder(), `${background} echo $!; exit 3`);
    const [text, end] = await Promise.all([output(run), run.ended]);
    expect(Number(text)).toBeGreaterThan(0);
    expect(end).toEqual({ exitCode: 3, signal: null });
    expect(lives(Number(text))).toBe(false);
    expect(markedProcesses([run.mark])).toEqual([]);
  });

  it('ends although a process that cannot be found holds its output [DML-EXE-3315]', async () => {
    const held = 'env -i setsid sh -c "echo \\$\\$; : > done; exec sleep 1000" &';
    const run = start(newFolder(), `${held} while [ ! -e done ]; do sleep 0.01; done; exit 3`);
    const [text, end] = await Promise.all([output(run), run.ended]);
    const pid = Number(text);
    expect(pid).toBeGreaterThan(1);
    expect(lives(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect(end).toEqual({ exitCode: 3, signal: null });
  });

  it('leaves no process of another one alone [DML-EXE-3310]', async () => {
    const other = start(newFolder(), 'echo $$; read line; sleep 1000');
    const run = start(newFolder(), 'true');
    await Promise.all([output(run), run.ended]);
    expect(markedProcesses([other.mark])).toContain(other.pid);
    other.stop();
    await Promise.all([output(other), other.ended]);
  });

  it('can end in its own way when it is stopped, with all that it started [DML-EXE-3311]', async () => {
    const folder = newFolder();
    const child = "trap 'echo left > child; exit' TERM; echo ready; while :; do sleep 0.05; done";
    const run = start(
      folder,
      `setsid sh -c "${child}" & trap 'wait; exit 7' TERM; while :; do sleep 0.05; done`,
    );
    await new Promise((resolve) => run.stdout.once('data', resolve));
    run.stop(60_000);
    run.stdout.resume();
    expect(await run.ended).toEqual({ exitCode: 7, signal: null });
    expect(existsSync(join(folder, 'child'))).toBe(true);
  });

  it('is killed when it does not end, with all that it started [DML-EXE-3312]', async () => {
    const child = "trap '' TERM; echo $$; while :; do sleep 0.05; done";
    const run = start(
      newFolder(),
      `trap '' TERM; setsid sh -c "${child.replaceAll('$', '\\$')}" & wait; wait`,
    );
    const pid = await new Promise<number>((resolve) =>
      run.stdout.once('data', (text) => resolve(Number(text))),
    );
    const startedMs = Date.now();
    run.stop();
    run.stdout.resume();
    await run.ended;
    expect(Date.now() - startedMs).toBeGreaterThan(1_900);
    expect(lives(pid)).toBe(false);
  });
});

describe('a program that is not there', () => {
  it('rejects', async () => {
    const folder = newFolder();
    const request = { program: join(folder, 'none'), args: ['none'], folder, env: {}, mark: 'none' };
    await expect(new ProcessRun(request).ended).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not found, nor is a folder or what may not be executed', () => {
    const folder = newFolder();
    expect(findProgram('sh', { path: `:relative:${folder}`, folder })).toBeUndefined();
    expect(findProgram('', { path: PATH, folder })).toBeUndefined();
    expect(findProgram('./', { path: PATH, folder })).toBeUndefined();
    expect(findProgram('sh\0', { path: PATH, folder })).toBeUndefined();
    expect(findProgram('sh', { path: `${folder}:${PATH}`, folder })).toMatch(/\/sh$/);
    expect(findProgram('/bin/sh', { path: '', folder })).toBe('/bin/sh');
  });
});
