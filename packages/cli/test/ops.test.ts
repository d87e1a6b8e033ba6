import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from './fixtures/op-steps.ts';
import type { StartedProgram } from './started-program.ts';
import { TestRepository } from './test-repository.ts';

// Starts processes, and goes through many targets.
vi.setConfig({ testTimeout: 600_000 });

interface OpDocument {
  readonly run: string;
  readonly outcome?: string;
  readonly active: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly targets: readonly { readonly target: string; readonly state: string; readonly phase?: string }[];
}

let repository: TestRepository;
let log: string;
let until: string;
beforeEach(async () => {
  repository = await TestRepository.create();
  log = repository.write('deployed', '');
  until = join(repository.folder, 'go on');
});

function host(id: string, more: Partial<Host> = {}): Host {
  return { id, log, ...more };
}

/** Writes targets to a file and returns its name. */
function targets(hosts: readonly unknown[]): string {
  repository.write('hosts.json', JSON.stringify(hosts));
  return 'hosts.json';
}

/** Makes the op retryable in a pipeline of its own file. */
function retryable(): string {
  const ops = readFileSync(join(repository.folder, 'ops.ts'), 'utf8');
  repository.write('retryable.ts', ops.replace("name: 'deploy',", "name: 'deploy', retryable: true,"));
  return 'retryable.ts';
}

/** The effects, in order. */
function effects(): string[] {
  return readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

/** Starts a command in a process group of its own. */
function start(...argv: string[]): StartedProgram {
  return repository.start(argv, { detached: true });
}

/** Kills a program and every process that it started, as kill -9 does. */
async function kill({ child, ended }: StartedProgram): Promise<void> {
  process.kill(-(child.pid as number), 'SIGKILL');
  await ended;
}

/** Waits until there are so many effects, those on some targets among them. */
function untilThereAre(run: StartedProgram, count: number, ...ids: string[]): Promise<void> {
  return untilTrue(run, () => effects().length >= count && ids.every((id) => effects().includes(id)));
}

/** Waits for a program to bring something about; fails when it ends before. */
async function untilTrue(run: StartedProgram, holds: () => boolean | Promise<boolean>): Promise<void> {
  let end: unknown;
  void run.ended.then((ended) => {
    end = ended;
  });
  while (!(await holds())) {
    expect(end).toBeUndefined();
    await setTimeout(50);
  }
}

/** Waits until every id has an execution that began. */
function untilRunning(program: StartedProgram, ...ids: string[]): Promise<void> {
  return untilTrue(program, async () => {
    const [run] = await repository.json<OpDocument[]>('op', 'status');
    const running = run?.targets.filter(({ state, phase }) => state === 'RUNNING' && phase === 'execute');
    return ids.every((id) => running?.some(({ target }) => target === id));
  });
}

function status(): Promise<OpDocument> {
  return repository.json<OpDocument>('op', 'status', 'rollout');
}

describe('dml op', () => {
  it('applies ops to targets, commits that, and shows it [DML-CLI-0714] [DML-CLI-1823]', async () => {
    const file = targets([host('a'), host('b', { validate: 'no disk' }), host('c', { execute: 'throw' })]);
    const partial = await repository.dml(['op', 'run', 'ops.ts', '--targets', file]);
    expect(partial.exitCode).toBe(7);
    expect(partial.stdout.replace(/[0-9a-f]{8,12}/g, 'ID')).toBe(
      [
        'rollout  run ID  PARTIAL',
        '  FAILED  b  deploy validate  no disk',
        '  FAILED  c  deploy execute   Error: c refused',
        '3 targets: 1 OK, 2 FAILED',
        'committed rollout as ID',
        '',
      ].join('\n'),
    );
    expect(partial.stderr).toContain('failed  b  deploy validate: no disk\n');
    expect(partial.stderr).toContain('a  deploy execute: deploying a\n');
    expect(await repository.ok('log', '-n', '1')).toContain('op run rollout: PARTIAL');
    expect(await repository.ok('cat', 'rollout.outcome')).toBe('"PARTIAL"\n');
    expect(await repository.ok('show', 'rollout')).toMatch(/deploy\(.*ok in .*deploy\.execute a/);
    expect(effects()).toEqual(['a']);
    const complete = await repository.dml(['op', 'run', 'ops.ts']);
    expect([complete.exitCode, complete.stdout]).toEqual([
      0,
      expect.stringContaining('COMPLETE\n2 targets: 2 OK\n'),
    ]);
  });

  it('runs the validations alone when it is dry [DML-CLI-1820]', async () => {
    const before = await repository.refState();
    const file = targets([host('a'), host('b', { validate: 'no disk' })]);
    const { exitCode, stdout } = await repository.dml([
      'op',
      'run',
      'ops.ts',
      '--targets',
      file,
      '--dry-run',
    ]);
    expect([exitCode, stdout]).toEqual([
      7,
      'rollout  dry run  PARTIAL\n  FAILED  b  deploy validate  no disk\n2 targets: 1 OK, 1 FAILED\n',
    ]);
    expect(effects()).toEqual([]);
    expect((await repository.refState()).refs).toEqual(before.refs);
  });

  it.each([
    ['no JSON', '[', /"hosts\.json" is no JSON/],
    ['no list', '{"a":1}', /"hosts\.json" holds no list/],
    ['nothing', undefined, /"hosts\.json" cannot be read \(ENOENT\)/],
  ])('refuses a file of targets that holds %s [DML-CLI-1821]', async (_, text, message) => {
    if (text !== undefined) repository.write('hosts.json', text);
    const stderr = await repository.refusal(2, ['op', 'run', 'ops.ts', '--targets', 'hosts.json']);
    expect(stderr).toMatch(message);
  });

  it.each([
    [[], /there are no targets/],
    [['a', 'a'], /targets\[0\] and targets\[1\] have the same id "a"/],
    [['a\u001b[2J\n'], /not "a\\u001b\[2J\\n"/],
    [['x'.repeat(100_000)], /not "x{49}… \(100002 characters\)/],
    [[{ id: 7 }], /targets\[0\] is no text and has no id/],
  ])('refuses targets that cannot be, and starts nothing (%#) [DML-CLI-1821]', async (list, message) => {
    const before = await repository.refState();
    const { exitCode, stderr } = await repository.dml(['op', 'run', 'ops.ts', '--targets', targets(list)]);
    expect([exitCode, stderr]).toEqual([12, expect.stringMatching(message)]);
    expect(await repository.refState()).toEqual(before);
  });

  it('refuses a file without ops [DML-CLI-0714]', async () => {
    const { exitCode, stderr } = await repository.dml(['op', 'run', 'pipelines.ts']);
    expect([exitCode, stderr]).toEqual([12, expect.stringContaining('"dml run <file>" runs it')]);
  });

  it('shows a run while it goes on, and cancels it from another process [DML-CLI-1822] [DML-CLI-1824]', async () => {
    const file = targets([host('a'), host('b', { hold: 'after', until }), host('c')]);
    const run = start('op', 'run', 'ops.ts', '--targets', file);
    await untilRunning(run, 'b');
    expect(await status()).toMatchObject({ active: true, counts: { OK: 1, RUNNING: 1, PENDING: 1 } });
    const said = await repository.ok('op', 'cancel', 'rollout');
    expect(said).toMatch(/^asked the process that carries out rollout to cancel it/);
    repository.write('go on', '');
    expect((await run.ended).exitCode).toBe(7);
    expect(await status()).toMatchObject({
      active: false,
      outcome: 'CANCELLED',
      counts: { OK: 1, CANCELLED: 2 },
    });
    expect(effects()).toEqual(['a', 'b']);
    expect(await repository.error(3, ['op', 'cancel', 'rollout'])).toMatchObject({
      code: 'unknown_op_run',
      message: 'no run of ops "rollout" is unfinished',
    });
  });

  it('shows a run that has ended as the current branch has it [DML-CLI-1824]', async () => {
    await repository.dml(['op', 'run', 'ops.ts', '--targets', targets([host('a', { validate: 'no disk' })])]);
    await repository.ok('branch', 'other');
    await repository.ok('switch', 'other');
    expect(await status()).toMatchObject({ active: false, outcome: 'FAILED' });
    await repository.ok('op', 'run', 'ops.ts', '--targets', targets([host('a')]));
    expect(await status()).toMatchObject({ active: false, outcome: 'COMPLETE' });
    await repository.ok('switch', 'main');
    expect(await status()).toMatchObject({ active: false, outcome: 'FAILED' });
  });

  it('lists all runs that have not ended [DML-CLI-1825]', async () => {
    const ops = readFileSync(join(repository.folder, 'ops.ts'), 'utf8');
    repository.write('second.ts', ops.replace("defineOps('rollout'", "defineOps('second'"));
    const file = targets([host('a', { hold: 'after', until })]);
    const runs = ['ops.ts', 'second.ts'].map((ops) => start('op', 'run', ops, '--targets', file));
    const isListed = async (): Promise<boolean> =>
      (await repository.json<OpDocument[]>('op', 'status')).length === runs.length;
    for (const run of runs) await untilTrue(run, isListed);
    expect(await repository.ok('op', 'status')).toMatch(/^rollout {2}run .*\nsecond {2}run /s);
    for (const run of runs) await kill(run);
    expect(await isListed()).toBe(true);
  });

  it('lists the runs that have not ended [DML-CLI-1825] [DML-CLI-1826]', async () => {
    expect(await repository.dml(['op'])).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: 'no run of ops is unfinished\n',
    });
    const file = targets([host('a', { hold: 'after', until })]);
    const run = start('op', 'run', 'ops.ts', '--targets', file);
    await untilRunning(run, 'a');
    expect(await repository.ok('op', 'status')).toMatch(
      /^rollout {2}run [0-9a-f]{8} {2}running\n {2}RUNNING {2}a {2}deploy execute\n1 target: 1 RUNNING\n$/,
    );
    await kill(run);
    const listed = await repository.ok('op', 'status');
    expect(listed).toMatch(
      /interrupted\n {2}INTERRUPTED {2}a {2}deploy execute \(doubtful\)\n1 target: 1 INTERRUPTED\n"dml op resume rollout"/,
    );
    expect(await repository.ok('op')).toBe(listed);
  });

  it('lets what runs come to its end when it is interrupted [DML-CLI-1827]', async () => {
    const file = targets([host('a', { hold: 'after', until }), host('b')]);
    const run = start('op', 'run', 'ops.ts', '--targets', file);
    await untilRunning(run, 'a');
    run.child.kill('SIGINT');
    await run.until(/waiting for the phases that run/);
    repository.write('go on', '');
    const { exitCode, stderr } = await run.ended;
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringContaining('"dml op resume <run>" goes on from there'),
    ]);
    expect((await status()).targets).toMatchObject([
      { state: 'PENDING', phase: 'postCheck' },
      { state: 'PENDING' },
    ]);
    expect(await repository.json('op', 'resume', 'rollout')).toMatchObject({ outcome: 'COMPLETE' });
    expect(effects()).toEqual(['a', 'b']);
  });

  it('ends as an interrupt does when something escapes the file [DML-CLI-1828]', async () => {
    const ops = readFileSync(join(repository.folder, 'ops.ts'), 'utf8');
    repository.write(
      'escapes.ts',
      `${ops}\nimport { readFileSync } from 'node:fs';
      const timer = setInterval(() => {
        if (!readFileSync(log, 'utf8').includes('a')) return;
        clearInterval(timer);
        throw new Error('escaped');
      }, 5);`,
    );
    const file = targets([host('a', { hold: 'after', until }), host('b')]);
    const run = start('op', 'run', 'escapes.ts', '--targets', file);
    await run.until(/waiting for the phases that run/);
    repository.write('go on', '');
    const { exitCode, stderr } = await run.ended;
    expect([exitCode, stderr]).toEqual([
      12,
      expect.stringMatching(/^dml: escapes\.ts:\d+: escaped\nhint: /m),
    ]);
    expect(effects()).toEqual(['a']);
    expect(await repository.json('op', 'resume', 'rollout')).toMatchObject({ outcome: 'COMPLETE' });
    expect(effects()).toEqual(['a', 'b']);
  });

  it('leaves no doubt about what a kill interrupted: it fails what may not be tried again [DML-CLI-0715]', async () => {
    const file = targets([host('a', { hold: 'before', until }), host('b')]);
    const run = start('op', 'run', 'ops.ts', '--targets', file);
    await untilRunning(run, 'a');
    await kill(run);
    for (const name of ['ops.ts', 'op-steps.ts']) rmSync(join(repository.folder, name));
    const { exitCode, stdout } = await repository.dml(['op', 'resume', 'rollout', '--json']);
    expect(exitCode).toBe(7);
    expect((JSON.parse(stdout) as OpDocument).targets).toEqual([
      {
        target: 'a',
        state: 'FAILED',
        op: 'deploy',
        phase: 'execute',
        attempt: 1,
        reason: 'the execution was interrupted; its post-check: it returned false',
        doubtful: true,
      },
      { target: 'b', state: 'OK' },
    ]);
    expect(effects()).toEqual(['b']);
  });
});

describe('a run of ops over 1,000 targets that is killed in the middle', () => {
  const HELD = ['t400', 't401', 't402', 't403'];
  const hosts = (): Host[] =>
    Array.from({ length: 1000 }, (_, at) => {
      const id = `t${at}`;
      if (HELD.includes(id)) return host(id, { hold: at % 2 === 0 ? 'before' : 'after', until });
      if (at % 40 === 7) return host(id, { validate: 'no disk' });
      return host(id, at % 40 === 27 ? { execute: 'throw' } : {});
    });

  it('goes on in one process and ends with the right states [DML-EXE-3702] [DML-EXE-3717]', async () => {
    const run = start('op', 'run', retryable(), '--targets', targets(hosts()), '--parallel', '8');
    await untilRunning(run, ...HELD);
    await untilThereAre(run, 500, 't401', 't403');
    await kill(run);
    const before = effects();
    // Two have had their effect, two have not; of others the kill decided.
    expect(HELD.map((id) => before.includes(id))).toEqual([false, true, false, true]);
    expect((await status()).active).toBe(false);
    for (const name of ['retryable.ts', 'op-steps.ts', 'hosts.json']) rmSync(join(repository.folder, name));
    expect(existsSync(until)).toBe(false);
    const both = [start('op', 'resume', 'rollout', '--json'), start('op', 'resume', 'rollout', '--json')];
    const loser = await Promise.race(both.map(async (each) => ({ each, end: await each.ended })));
    expect(loser.end).toMatchObject({ exitCode: 6, stdout: '' });
    expect(JSON.parse(loser.end.stderr)).toMatchObject({ code: 'op_run_active' });
    repository.write('go on', '');
    const winner = both.find((each) => each !== loser.each) as StartedProgram;
    const { exitCode, stdout } = await winner.ended;
    const report = JSON.parse(stdout) as OpDocument;
    expect([exitCode, report.outcome, report.counts]).toEqual([7, 'PARTIAL', { OK: 950, FAILED: 50 }]);
    const wrong = report.targets.filter(({ target, state }) => {
      const isBad = Number(target.slice(1)) % 20 === 7;
      return state !== (isBad ? 'FAILED' : 'OK');
    });
    expect(wrong).toEqual([]);
    const all = effects();
    expect(all).toHaveLength(950);
    expect(new Set(all).size).toBe(950);
    expect(all.slice(0, before.length)).toEqual(before);
    expect(await status()).toEqual({ ...report, targets: expect.arrayContaining([...report.targets]) });
    expect(await repository.ok('verify')).toContain('nothing is damaged');
    expect(await repository.json('wip', 'list')).toEqual([]);
  });
});
