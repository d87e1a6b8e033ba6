import { join } from 'node:path';
import type { Waiting } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { waitsOf } from '../src/process/waits.ts';
import { Output } from '../src/render/output.ts';
import { StartedProgram } from './started-program.ts';
import { TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const STORE = new URL('../../store/dist/index.js', import.meta.url).href;

/** Another program that uses the repository: it holds a transaction until its input ends, or evicts all sessions. */
const STRANGER = `
  import { readSync, writeSync } from 'node:fs';
  import { openStore } from ${JSON.stringify(STORE)};
  const [path, work] = process.argv.slice(2);
  const store = await openStore(path, { mode: 'write' });
  if (work === 'hold')
    store.transact('hold', () => {
      writeSync(1, 'holding\\n');
      readSync(0, Buffer.alloc(1));
    });
  else
    store.transact('evict', (transaction) => {
      for (const { sessionId } of store.liveSessions())
        transaction.deleteRow('sessions', Buffer.from(sessionId.replaceAll('-', ''), 'hex'));
    });
  await store.close();
`;

/** A function that says that it runs and ends when there is a file of its name. */
const PATIENT = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export async function patient(file: string) {
    console.log('the function runs');
    while (!existsSync(file)) await setTimeout(5);
    return file;
  }
`;

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write('stranger.mjs', STRANGER);
  await repository.run('sums');
});
function stranger(work: 'hold' | 'evict'): StartedProgram {
  const args = ['stranger.mjs', join(repository.folder, '.dml', 'store'), work];
  return new StartedProgram(args, { cwd: repository.folder, stdio: 'pipe' });
}

async function holder(): Promise<StartedProgram> {
  const program = stranger('hold');
  await program.until(/holding/);
  return program;
}

/** Writes a pipeline whose one call ends when there is a file of its name. */
function patientPipeline(name: string): void {
  const file = JSON.stringify(join(repository.folder, `${name}.go`));
  repository.pipeline(name, `async (dag) => dag.call(steps.patient, ${file})`, { code: PATIENT });
}

function talkOf(waiting: Waiting, globals = { json: false, quiet: false }): string {
  let said = '';
  const sink = {
    write: (piece: string | Uint8Array) => {
      said += piece;
      return true;
    },
  };
  const io = { stdout: sink, stderr: sink, env: {}, cwd: '/', nowMs: Date.now } as never;
  waitsOf({ io, output: new Output(io, { ...globals, color: false }) }).onWait?.(waiting);
  return said;
}

describe('a command that waits for another process', () => {
  it('says so once, names it, and goes on when it can [DML-CLI-0450]', async () => {
    const other = await holder();
    const gc = repository.start(['gc']);
    const line = `waiting for process ${other.child.pid}, which is writing to the repository …\n`;
    await gc.until(/waiting for/);
    expect([gc.stdout, gc.stderr]).toEqual(['', line]);
    other.child.stdin?.end();
    expect(await gc.ended).toMatchObject({ exitCode: 0, signal: null });
    expect(gc.stderr).toBe(line);
    expect(gc.stdout).toMatch(/^deleted /);
  });

  it('tells a process of another namespace from one of this [DML-CLI-0451]', () => {
    const path = '/p';
    expect(talkOf({ reason: 'write_lock', path, pid: 7 })).toBe(
      'waiting for process 7, which is writing to the repository …\n',
    );
    expect(talkOf({ reason: 'write_lock', path, pid: 7, namespace: 'another' })).toBe(
      'waiting for process 7 of another process namespace, such as a container, which is writing to the repository …\n',
    );
    expect(talkOf({ reason: 'process_number', path, pid: 1, namespace: 'another' })).toBe(
      'waiting for process 1 of another process namespace, such as a container, ' +
        'which uses the repository under the number that this process has here …\n',
    );
    expect(talkOf({ reason: 'locks', path })).toMatch(/^waiting for the processes that hold the repository/);
    for (const globals of [
      { json: true, quiet: false },
      { json: false, quiet: true },
    ])
      expect(talkOf({ reason: 'locks', path }, globals)).toBe('');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends on %s, whether its thread is free or not [DML-CLI-0550]', async (signal, exitCode) => {
    const before = await repository.refState();
    // Opening waits while the thread is free, so the command says how it ended.
    const first = await holder();
    const commands = ['branch other', 'gc --compact', 'run pipelines.ts report'];
    const interrupted = commands.map(async (command) => {
      const waiting = repository.start(command.split(' '));
      await waiting.until(/waiting for/);
      waiting.child.kill(signal);
      expect(await waiting.ended, command).toMatchObject({ exitCode, signal: null });
      expect(waiting.stderr).toContain('dml: interrupted');
    });
    await Promise.all(interrupted);
    first.child.stdin?.end();
    await first.ended;
    // What a run has computed is written in one go, which blocks the thread.
    patientPipeline(`blocked-${signal}`);
    const blocked = repository.start(['run', `blocked-${signal}.ts`]);
    await blocked.until(/the function runs/);
    const second = await holder();
    repository.write(`blocked-${signal}.go`, '');
    await blocked.until(/waiting for/);
    blocked.child.kill(signal);
    expect(await blocked.ended).toMatchObject({ exitCode: null, signal });
    second.child.stdin?.end();
    await second.ended;
    await repository.ok('verify');
    expect(await repository.refState()).toEqual(before);
  });
});

describe('a run that was taken for ended', () => {
  it('writes nothing more, and says what may be gone and what is kept [DML-CLI-0750]', async () => {
    patientPipeline('lost');
    const before = await repository.refState();
    const run = repository.start(['run', 'lost.ts']);
    await run.until(/the function runs/);
    const evicting = stranger('evict');
    expect((await evicting.ended).exitCode, evicting.stderr).toBe(0);
    repository.write('lost.go', '');
    expect(await run.ended).toMatchObject({ exitCode: 10, signal: null });
    expect(run.stderr).toMatch(
      /^dml: another process has taken this one for ended, so nothing more is written to the store in [^\n]+\nhint: run it again; finished calls are kept$/m,
    );
    expect(await repository.refState()).toEqual(before);
    await repository.ok('gc');
    await repository.ok('verify');
    await repository.ok('run', 'lost.ts');
  });
});
