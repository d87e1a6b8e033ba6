import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { lastLine, TestRepository } from './test-repository.ts';

/** Ends what hangs. */
const LIMIT_MS = 600_000;
/** What a pipeline or function says of the process that runs it. */
const PID = /the pid is (\d+);/;

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write(
    'loud-steps.ts',
    `import { execSync } from 'node:child_process';
    import { writeSync } from 'node:fs';
    export function speak(n: number): number {
      execSync('echo a program of the function', { stdio: 'inherit' });
      writeSync(1, 'the function\\n');
      return n + 1;
    }
    export function forever(): Promise<never> {
      writeSync(2, 'the pid is ' + process.pid + ';\\n');
      return new Promise(() => setInterval(() => {}, 1_000));
    }`,
  );
  repository.write(
    'loud.ts',
    `import { execSync, spawnSync } from 'node:child_process';
    import { readFileSync, writeSync } from 'node:fs';
    import { definePipeline, functions } from '@daggerml/bindings';
    const allow = { allow: ['processes', 'files', 'clock'] } as const;
    const steps = functions<typeof import('./loud-steps.ts')>(new URL('./loud-steps.ts', import.meta.url), allow);
    export const loud = definePipeline('loud', async (dag) => {
      execSync('echo a program of the pipeline', { stdio: 'inherit' });
      spawnSync('sh', ['-c', 'echo its error output >&2; echo its output'], { stdio: ['ignore', 1, 2] });
      writeSync(1, 'the pipeline\\n');
      writeSync(1, 'started by ' + readFileSync('/proc/' + process.ppid + '/comm', 'utf8'));
      return dag.call(steps.speak, 1);
    });
    export const waits = definePipeline('waits', (dag) => dag.call(steps.forever));
    export const busy = definePipeline('busy', async (dag) => {
      writeSync(2, 'the pid is ' + process.pid + ';\\n');
      for (;;) {}
    });`,
  );
});

const FROM_CODE = [
  'a program of the pipeline',
  'its error output',
  'its output',
  'the pipeline',
  'a program of the function',
  'the function',
];

describe('code of a pipeline and of functions', () => {
  it('writes to standard error what it writes to descriptor 1 [DML-CLI-0463]', () => {
    for (const options of [['--json'], []]) {
      const line = ['run', 'loud.ts', 'loud', '--no-cache', ...options];
      const { status, stdout, stderr } = repository.program(line);
      expect(status, stderr).toBe(0);
      if (options.length > 0) expect(JSON.parse(lastLine(stdout))).toMatchObject({ counts: { executed: 1 } });
      else expect(stdout).toMatch(/^1 executed[^\n]*\n[^\n]*loud[^\n]*\n$/);
      const lines = stderr.split('\n');
      // The sockets of this test can be given to another process alone.
      for (const line of FROM_CODE) expect(lines, options.join()).toContain(line);
      // Later Node lines name the process by its thread.
      expect(lines, options.join()).toContainEqual(expect.stringMatching(/^started by (?:node|MainThread)$/));
      // With --json nothing of what dml itself says.
      if (options.length > 0) expect(lines).toHaveLength(FROM_CODE.length + 2);
    }
  });

  it('leaves what a file has that standard output is, and what is written to it next [DML-CLI-0463]', () => {
    const file = join(repository.folder, 'output.txt');
    const line = '{ echo before; dml run loud.ts loud --json; echo after; } >"$FILE" 2>"$FILE.err"';
    expect(repository.shell(line, { FILE: file }).status).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^before\n\{.*\}\nafter\n$/s);
    expect(JSON.parse(lastLine(text.slice('before\n'.length, -'after\n'.length)))).toMatchObject({
      pipeline: 'loud',
    });
  });

  it.each([
    ['', '{ dml run loud.ts loud --json --no-cache 2>&1 >&3 3>&- | cat >"$FILE"; } 3>&1 | cat'],
    [' and nothing', 'dml run loud.ts loud --json --no-cache 2>/dev/null | cat'],
  ])('needs no process of its own where the streams are pipes%s [DML-CLI-0463]', (streams, line) => {
    const talk = join(repository.folder, 'talk.txt');
    const { stdout } = repository.shell(line, { FILE: talk });
    expect(JSON.parse(lastLine(stdout))).toMatchObject({ pipeline: 'loud', counts: { executed: 1 } });
    if (streams !== '') return;
    const lines = readFileSync(talk, 'utf8').split('\n');
    for (const line of [...FROM_CODE, 'started by bash']) expect(lines).toContain(line);
    expect(lines).toHaveLength(FROM_CODE.length + 2);
  });

  it.each(['2>&1 | cat', '2>&1 | cat >/dev/null'])('runs with both streams as one pipe: %s', (streams) => {
    const { status, stdout } = repository.shell(`dml run loud.ts loud ${streams}; exit "\${PIPESTATUS[0]}"`);
    expect(status, stdout).toBe(0);
    if (!streams.includes('null')) expect(stdout).toContain('the pipeline\n');
  });

  it('needs no process of its own where both streams are one file', async () => {
    const file = join(repository.folder, 'both.txt');
    const both = openSync(file, 'w');
    const { child, ended } = repository.start(['run', 'loud.ts', 'waits'], { stdio: ['ignore', both, both] });
    closeSync(both);
    await vi.waitUntil(() => PID.test(readFileSync(file, 'utf8')), { timeout: LIMIT_MS });
    expect(Number(PID.exec(readFileSync(file, 'utf8'))?.[1])).toBe(child.pid);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ exitCode: 143, signal: null });
  });
});

/** Starts a run and waits until its code says which process runs it. */
async function started(pipeline: string) {
  const run = repository.start(['run', 'loud.ts', pipeline]);
  const [, pid] = await run.until(PID);
  const runner = Number(pid);
  expect(runner).not.toBe(run.child.pid);
  return { child: run.child, runner, ended: run.ended };
}

/** Waits until a process is gone, whoever has to ask for its exit code. */
async function whenGone(pid: number): Promise<void> {
  for (;;) {
    try {
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a run whose code has a process of its own', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'is ended by %s in either process, when no call runs [DML-CLI-0504] [DML-CLI-0507]',
    async (signal, exitCode) => {
      for (const target of signal === 'SIGINT' ? (['first'] as const) : (['first', 'runner'] as const)) {
        const { child, runner, ended } = await started('waits');
        process.kill(target === 'first' ? (child.pid as number) : runner, signal);
        expect(await ended, target).toMatchObject({
          exitCode,
          signal: null,
          stderr: expect.stringMatching(
            /^stopping the running calls …\n {2}cancelled forever\ndml: interrupted; no call runs any more\nhint: [^\n]+\n$/m,
          ),
        });
        await whenGone(runner);
      }
    },
  );

  it('counts an interrupt of the terminal, which both processes get, once', async () => {
    const { child, runner, ended } = await started('waits');
    process.kill(runner, 'SIGINT');
    child.kill('SIGINT');
    // The calls were stopped, which a second interrupt would not wait for.
    const stderr = expect.stringContaining('dml: interrupted; no call runs any more\n');
    expect(await ended).toMatchObject({ exitCode: 130, signal: null, stderr });
  });

  it.each(['waits', 'busy'])(
    'ends with the process that was started, also where it %s [DML-CLI-0560]',
    async (pipeline) => {
      const { child, runner, ended } = await started(pipeline);
      child.kill('SIGKILL');
      await whenGone(runner);
      expect(await ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    },
  );

  it.each(['SIGKILL', 'SIGSEGV'] as const)(
    'is ended by the %s that ends the process of the code [DML-CLI-0561]',
    async (signal) => {
      const { runner, ended } = await started('busy');
      process.kill(runner, signal);
      expect(await ended).toMatchObject({ exitCode: null, signal });
    },
  );

  it('hides from what it starts how it was started', async () => {
    repository.write(
      'env.ts',
      `import { execSync } from 'node:child_process';
      import { definePipeline } from '@daggerml/bindings';
      export const env = definePipeline('env', async (dag) => dag.literal(execSync('env').toString()));`,
    );
    const { stdout, status } = repository.program(['run', 'env.ts'], { env: { VISIBLE: 'yes' } });
    expect(status, stdout).toBe(0);
    const value = await repository.ok('cat', 'HEAD:env');
    expect(value).toContain('VISIBLE=yes');
    expect(value).not.toContain('DML_STARTED_BY');
  });
});
