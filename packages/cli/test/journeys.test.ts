import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
});

/** Ids of the processes and threads below a process; Linux lists them. */
function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process by its number and its start, which no later process of that number has. */
interface StartedProcess {
  readonly pid: number;
  readonly start: string;
}

/** Yields the process that has a number now; undefined also for one that has ended and was not waited for. */
function processOf(pid: number): StartedProcess | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, start: fields[19] as string };
  } catch {
    return undefined;
  }
}

/** The processes that a process has started. */
function childrenOf(pid: number): StartedProcess[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return pids.flatMap((child) => processOf(Number(child)) ?? []);
}

function isAlive({ pid, start }: StartedProcess): boolean {
  return processOf(pid)?.start === start;
}

describe('the dml program', () => {
  it('runs a pipeline from the shell and ends with the code of its outcome', async () => {
    expect(await repository.start(['run', 'pipelines.ts', 'sums', '--no-cache']).ended).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^2 executed, 0 cached, 0 failed in .*\ncommitted sums as [0-9a-f]{12}\n$/,
      ),
      stderr: expect.stringMatching(
        /^ {2}executed add\(1, 2\) {2}.*\n {2}executed double it: double\(three\) {2}.*\n$/,
      ),
    });
    expect(await repository.start(['cat', 'sums']).ended).toMatchObject({
      exitCode: 0,
      stdout: '6\n',
      stderr: '',
    });
    expect(await repository.start(['show', 'nothing']).ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await repository.start(['run', 'pipelines.ts', 'fails']).ended).toMatchObject({
      exitCode: 7,
      stdout: '',
    });
    expect(await repository.start(['--repo', '/', 'status']).ended).toMatchObject({
      exitCode: 5,
      stdout: '',
    });
  });

  it('ends silently when its reader has gone [DML-CLI-0408]', async () => {
    await repository.define(
      'large',
      `async (dag) => dag.literal(Array.from({ length: 200_000 }, (_, i) => i))`,
    );
    const { child, ended } = repository.start(['cat', 'large']);
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'stops the running calls before it ends on %s with %i [DML-CLI-0504] [DML-CLI-0507]',
    async (signal, exitCode) => {
      const run = repository.start(['run', 'pipelines.ts', 'runs-forever']);
      const { child, ended } = run;
      await run.until(/running in \d+/);
      expect(tasksOf(child.pid!).length).toBeGreaterThan(0);
      const program = processOf(child.pid!)!;
      const children = childrenOf(program.pid);
      child.kill(signal);
      expect(await ended).toMatchObject({ exitCode, signal: null });
      expect(isAlive(program)).toBe(false);
      // They notice by themselves that it is gone.
      await vi.waitUntil(() => !children.some(isAlive), { timeout: 900_000 });
      // What was finished is kept and answers the next run.
      expect((await repository.json<unknown[]>('wip', 'list')).length).toBeGreaterThan(0);
      await repository.ok('verify');
    },
  );

  it('says what it does on an interrupt and how it ended', async () => {
    const run = repository.start(['run', 'pipelines.ts', 'runs-forever']);
    await run.until(/running in/);
    run.child.kill('SIGINT');
    const { exitCode, signal, stderr } = await run.ended;
    expect([exitCode, signal]).toEqual([130, null]);
    expect(stderr).toContain('stopping the running calls …\n');
    expect(stderr).toContain(
      'dml: interrupted; no call runs any more\nhint: run it again; finished calls are kept\n',
    );
  });

  it('ends a pipeline that waits for what can no longer happen [DML-CLI-0506]', async () => {
    const before = await repository.refState();
    expect(await repository.start(['run', 'pipelines.ts', 'stalls']).ended).toEqual({
      exitCode: 12,
      signal: null,
      stdout: '',
      stderr:
        'dml: the pipeline waits for something that can no longer happen\n' +
        'hint: look for a promise that nothing settles\n',
    });
    expect(await repository.refState()).toEqual(before);
  });
});
