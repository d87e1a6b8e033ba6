import fs, { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { dml, lastLine, TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
});

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(join(repository.folder, file), 'utf8');
  expect(text).toContain(from);
  repository.write(file, text.replace(from, to));
}

function writeReader(options: string): void {
  const file = JSON.stringify(join(repository.folder, 'steps.ts'));
  repository.pipeline('reader', `async (dag) => dag.call(steps.read, ${file})`, {
    code: `import { readFileSync } from 'node:fs';
export const read = (file: string) => {
  const text = readFileSync(file, 'utf8');
  return [text.length > 0, Date.now() > 0];
};`,
    options,
  });
}

describe('dml init', () => {
  it('writes an example that runs where nothing else is [DML-CLI-1560]', async () => {
    const fresh = new TestRepository();
    const first = await dml(['init', '--example'], { cwd: fresh.folder });
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(/\nwrote steps\.ts and pipeline\.ts; run it with: dml run pipeline\.ts\n$/);
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    for (const name of ['steps.ts', 'pipeline.ts'])
      expect(readme).toContain(`// ${name}\n${readFileSync(join(fresh.folder, name), 'utf8')}`);
    const run = await dml(['--json', 'run', 'pipeline.ts'], { cwd: fresh.folder });
    expect(JSON.parse(lastLine(run.stdout))).toMatchObject({ counts: { executed: 5, failed: 0 } });
  });

  it('leaves a file alone that the example would replace, and makes nothing [DML-CLI-1561]', async () => {
    const fresh = new TestRepository();
    fresh.write('steps.ts', 'mine');
    const refused = await dml(['init', '--example'], { cwd: fresh.folder });
    expect(refused).toMatchObject({ exitCode: 6, stdout: '' });
    expect(refused.stderr).toMatch(/steps\.ts" exists; nothing was created\nhint: run "dml init --example"/);
    expect(readdirSync(fresh.folder)).toEqual(['steps.ts']);
    expect(readFileSync(join(fresh.folder, 'steps.ts'), 'utf8')).toBe('mine');
  });

  it('creates a repository on the branch main [DML-CLI-0701]', async () => {
    const fresh = new TestRepository();
    const { exitCode, stdout } = await dml(['init', 'sub/folder'], { cwd: fresh.folder });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(join(fresh.folder, 'sub/folder'));
    expect(existsSync(join(fresh.folder, 'sub/folder/.dml'))).toBe(true);
    const status = await dml(['status', '--json'], { cwd: join(fresh.folder, 'sub/folder') });
    expect(JSON.parse(status.stdout)).toMatchObject({ branch: 'main', commitId: null, dags: [] });
  });

  it('says that there is a repository and leaves it as it is [DML-CLI-0702]', async () => {
    const store = join(repository.folder, '.dml/store/data.mdb');
    const before = readFileSync(store);
    const { exitCode, stdout } = await repository.dml(['init']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('is a repository already');
    expect(readFileSync(store).equals(before)).toBe(true);
    expect(await repository.json('init')).toEqual({
      repository: repository.folder,
      created: false,
      files: [],
    });
  });

  it('says of one of several at one time that it created the repository [DML-CLI-0729]', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => repository.dml(['init', 'shared', '--json'])),
    );
    const created = outcomes.map(({ stdout }) => (JSON.parse(stdout) as { created: boolean }).created);
    expect(created.sort()).toEqual([false, false, false, true]);
    expect(await repository.ok('--repo', join(repository.folder, 'shared'), 'branch')).toBe('');
  });
});

describe('dml run', () => {
  it('runs the pipeline and commits its dag to the current branch [DML-CLI-0703]', async () => {
    const own = await TestRepository.create();
    const { commitId, changed } = await own.run('sums');
    expect(changed).toBe(true);
    expect(await own.json('status')).toMatchObject({ branch: 'main', commitId, dags: [{ dag: 'sums' }] });
    expect(await own.ok('cat', 'sums')).toBe('6\n');
  });

  it('reports each call that runs with its name and duration [DML-CLI-2904]', async () => {
    const { stderr } = await repository.dml(['run', 'pipelines.ts', 'sums', '--no-cache']);
    expect(stderr).toMatch(/^ {2}executed add\(1, 2\) {2}\d+(\.\d+)? m?s {2}[0-9a-f]{12}$/m);
    expect(stderr).toMatch(/^ {2}executed double it: double\(three\) {2}\d+(\.\d+)? m?s {2}[0-9a-f]{12}$/m);
    await repository.define(
      'many',
      'async (dag) => Array.from({ length: 22 }, (_, n) => dag.call(steps.add, n, 1))',
    );
    const many = (...more: string[]) => repository.dml(['run', 'many.ts', '--no-cache', ...more]);
    const few = (await many()).stderr.match(/^ {2}executed .*$/gm);
    expect([few?.length, few?.at(-1)]).toEqual([21, '  executed add × 2 more']);
    expect((await many('--verbose')).stderr.match(/^ {2}executed add\(\d+, 1\) /gm)).toHaveLength(22);
  });

  it('ends with the number of executed, cached and failed calls [DML-CLI-0705]', async () => {
    await repository.run('sums');
    edit('steps.ts', 'const FACTOR = 2;', 'const FACTOR = 3;');
    const { stdout, stderr } = await repository.dml(['run', 'pipelines.ts', 'sums']);
    expect(stdout).toMatch(/^1 executed, 1 cached, 0 failed in \d/);
    expect(stdout).toMatch(/^committed sums as [0-9a-f]{12}$/m);
    expect(stderr.match(/^ {2}cached {3}add$/gm)).toHaveLength(1);
    expect(await repository.ok('cat', 'sums')).toBe('9\n');
  });

  it('says that nothing changed when the pipeline is as it was [DML-CLI-0706]', async () => {
    await repository.run('sums');
    const before = await repository.refState();
    edit('steps.ts', 'const FACTOR =', '/* as before */ const FACTOR =');
    const { exitCode, stdout } = await repository.dml(['run', 'pipelines.ts', 'sums']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^0 executed, 2 cached, 0 failed in .*\nnothing changed: sums is as in [0-9a-f]{12}\n$/,
    );
    expect(await repository.run('sums')).toMatchObject({
      changed: false,
      counts: { executed: 0, cached: 2 },
    });
    expect(await repository.refState()).toEqual(before);
  });

  it('names the commit that made the dag where nothing changed [DML-CLI-1506] [DML-REP-0934]', async () => {
    const own = await TestRepository.create();
    const made = await own.run('sums');
    const other = await own.run('values');
    expect(await own.run('sums')).toMatchObject({
      changed: false,
      commitId: other.commitId,
      madeInCommitId: made.commitId,
    });
    const { stdout } = await own.dml(['run', 'pipelines.ts', 'sums']);
    expect(stdout).toContain(`nothing changed: sums is as in ${made.commitId.slice(0, 12)}\n`);
    // A dag that came back was made by the commit that brought it back.
    await own.ok('dag', 'delete', 'sums');
    const { commitId } = await own.json<{ commitId: string }>('dag', 'restore', `${made.commitId}:sums`);
    await own.run('report');
    expect(await own.run('sums')).toMatchObject({ changed: false, madeInCommitId: commitId });
    // So was one whose root came out again.
    await own.run('clock');
    const { commitId: again } = await own.run('clock', '--no-cache');
    expect(await own.run('clock')).toMatchObject({ changed: false, madeInCommitId: again });
  });

  it('names the calls that have other values than before [DML-CLI-1507] [DML-REP-0103]', async () => {
    const own = await TestRepository.create();
    const build = '(dag) => [dag.call(steps.same, 7), dag.call(steps.after, dag.call(steps.clock))]';
    await own.define('odd', build, {
      code: `export const same = (at: number): number => at;
      export const clock = (): number => Number(process.hrtime.bigint() % 1_000_000_000n);
      export const after = (at: number): number => at + 1;`,
      options: ", { allow: ['clock'] }",
    });
    const rerun = await own.json<{ differing: { nodeId: string; call: string }[] }>(
      'run',
      'odd.ts',
      '--no-cache',
    );
    expect(rerun.differing).toEqual([{ nodeId: expect.stringMatching(/^[0-9a-f]{64}$/), call: 'clock()' }]);
    const { stderr } = await own.dml(['run', 'odd.ts', '--no-cache']);
    const id = rerun.differing[0]?.nodeId.slice(0, 12);
    expect(stderr.match(/^ {2}warning .*another value.*$/gm)).toEqual([
      `  warning  clock()  ${id}  has another value than before, from the same inputs`,
    ]);
    expect(await own.json('run', 'odd.ts')).toMatchObject({ differing: [] });
  });

  it('warns of calls that are no part of the dag [DML-CLI-1705]', async () => {
    const own = await TestRepository.create();
    own.write(
      'trying.ts',
      `import { definePipeline, functions } from '@daggerml/bindings';
      const { some } = functions<typeof import('./tries.ts')>(new URL('./tries.ts', import.meta.url));
      export const values = definePipeline('values', async (dag) => {
        const tried = await Promise.allSettled([1, 2].map((n) => dag.call(some, n).value()));
        return tried.map(({ status }) => status);
      });
      export const passed = definePipeline('passed', async (dag) => [dag.call(some, -1 + (await dag.call(some, 0).value()))]);
      export const calls = definePipeline('calls', (dag) => [dag.call(some, 1)]);
      export const named = definePipeline('named', async (dag) => ({ one: await dag.name('one', dag.call(some, 1)).value() }));
      export const none = definePipeline('none', () => 3);`,
    );
    own.write(
      'tries.ts',
      'export const some = (n: number): number => { if (n > 1) throw new Error(); return n; };',
    );
    const warning =
      '  warning  2 calls of the run are no part of the dag, and their outcomes go with "dml gc"';
    expect((await own.dml(['run', 'trying.ts', 'values'])).stderr).toContain(warning);
    expect((await own.dml(['run', 'trying.ts', 'passed'])).stderr).toContain(
      '  1 call of the run is no part',
    );
    expect(await own.json('run', 'trying.ts', 'passed')).toMatchObject({ callsLeftOut: 1 });
    expect(await own.json('run', 'trying.ts', 'values')).toMatchObject({ callsLeftOut: 2, changed: false });
    for (const name of ['calls', 'named', 'none']) {
      expect((await own.dml(['run', 'trying.ts', name])).stderr, name).not.toContain('no part of the dag');
      expect(await own.json('run', 'trying.ts', name)).toMatchObject({ callsLeftOut: 0 });
    }
  });

  it('runs every call anew with --no-cache [DML-CLI-0707]', async () => {
    await repository.run('clock');
    const first = await repository.ok('cat', 'clock');
    expect(await repository.run('clock')).toMatchObject({ counts: { executed: 0, cached: 1 } });
    expect(await repository.run('clock', '--no-cache')).toMatchObject({ counts: { executed: 1, cached: 0 } });
    expect(await repository.ok('cat', 'clock')).not.toBe(first);
  });

  it('reads every file again with --no-file-cache [DML-CLI-0770]', async () => {
    // Wherever the tests run, and however young the files are.
    const statfs = vi.spyOn(fs, 'statfsSync').mockReturnValue({ type: 0xef53 } as never);
    const { now } = Date;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
    for (let at = 0; at < 100; at += 1) repository.write(`hundred/${at}.txt`, `${at}`);
    repository.write(
      'hundred-pipeline.ts',
      `import { definePipeline } from '@daggerml/bindings';
       export const hundred = definePipeline('hundred', (dag) => dag.files('hundred'));`,
    );
    const told = async (...more: string[]): Promise<string | undefined> => {
      const { stderr } = await repository.dml(['run', 'hundred-pipeline.ts', ...more]);
      return /captured hundred {2}(.*)/.exec(stderr)?.[1];
    };
    expect(await told()).toBe('100 files');
    expect(await told()).toBe('100 files (unchanged)');
    expect(await told('--no-file-cache')).toBe('100 files');
    statfs.mockRestore();
    clock.mockRestore();
  });

  it('warns once about a function that reads what is no input [DML-CLI-0723]', async () => {
    writeReader('');
    const { stderr } = await repository.dml(['run', 'reader.ts']);
    expect(stderr.match(/^ {2}warning .*\n.*$/gm)).toEqual([
      "  warning  read depends on the clock and files (Date.now at reader-steps.ts:4, readFileSync of node:fs at reader-steps.ts:3): a change there will not run its calls again;\n           give files as inputs (dag.file) and other things as arguments, or allow it: functions(url, { allow: ['clock', 'files'] })",
    ]);
    writeReader(", { allow: ['clock', 'files'] }");
    const allowed = await repository.dml(['run', 'reader.ts']);
    expect(allowed.stderr).not.toContain('warning');
    expect(allowed.stdout).toMatch(/^0 executed, 1 cached/);
  });

  it('warns once about a module that is left out although it does something [DML-CAP-0019]', async () => {
    repository.write('register.ts', "console.log('registered'); export const unused = 1;");
    repository.pipeline('left', 'async (dag) => [dag.call(steps.one), dag.call(steps.two)]', {
      code: `import { unused } from './register.ts';
      export const one = () => 1; export const two = () => 2; export const three = () => unused;`,
    });
    const { stderr } = await repository.dml(['run', 'left.ts']);
    expect(stderr.match(/^ {2}warning .*\n.*$/gm)).toEqual([
      "  warning  one leaves out register.ts, which does something when it is loaded: it uses no name of it;\n           where that effect is wanted, import the file without names: import './file.ts'",
    ]);
  });

  it('lists the warnings with --json [DML-CLI-0724]', async () => {
    writeReader(", { allow: ['files'] }");
    expect(await repository.json('run', 'reader.ts')).toMatchObject({
      warnings: [{ function: 'read', kind: 'clock', what: 'Date.now', file: 'reader-steps.ts', line: 4 }],
    });
  });

  it('shows message and trace of a call that fails [DML-CLI-0725]', async () => {
    repository.pipeline('lines', 'async (dag) => dag.call(steps.lines)', {
      code: "export function lines() { throw new Error('one\\n\u001b[2Jtwo'); }",
    });
    const { stderr } = await repository.dml(['run', 'lines.ts']);
    expect(stderr).toMatch(
      /^ {2}failed {3}lines\(\) .*: Error: one\n {11}\\u001b\[2Jtwo\n {11}at lines \(lines-steps\.ts:\d+:\d+\)$/m,
    );
  });

  it('answers from a recorded failure until --retry-failed runs it again [DML-CLI-0708]', async () => {
    const marker = repository.write('marker.txt', 'broken');
    repository.pipeline('flakes', `async (dag) => dag.call(steps.flaky, ${JSON.stringify(marker)})`, {
      code: `import { readFileSync } from 'node:fs';
      export function flaky(file: string): string {
        if (readFileSync(file, 'utf8') === 'broken') throw new Error('broken');
        return 'mended';
      }`,
    });
    expect((await repository.dml(['run', 'flakes.ts'])).exitCode).toBe(7);
    repository.write('marker.txt', 'mended');
    const again = await repository.dml(['run', 'flakes.ts']);
    expect(again.exitCode).toBe(7);
    expect(again.stderr).toContain('(recorded earlier)');
    expect((await repository.dml(['run', 'flakes.ts', '--retry-failed'])).exitCode).toBe(0);
    expect(await repository.ok('cat', 'flakes')).toBe('"mended"\n');
  });

  describe('with a call that fails', () => {
    /** Runs a call that fails, and two others one after the other that take as long as they are told. */
    const run = (option: string, ms: number) => {
      const build = `async (dag) => [dag.call(steps.bad), dag.call(steps.wait, dag.call(steps.wait, ${ms}, 1), 0)]`;
      repository.pipeline('fast', build, {
        code: `export function bad(): number { throw new Error('at once'); }
        export const wait = (ms: number, _by: number) => new Promise((end) => setTimeout(() => end(ms), ms));`,
      });
      return repository.dml(['run', 'fast.ts', '--workers', '1', option]);
    };

    it('stops with --fail-fast [DML-CLI-1910]', async () => {
      const { exitCode, stderr } = await run('--fail-fast', 600_000);
      expect(exitCode).toBe(7);
      expect(stderr).toContain(
        'stopped at the first failure: open calls were cancelled, finished ones are kept',
      );
      expect(stderr).toMatch(/^ {2}cancelled wait × 2$/m);
      expect(stderr).toContain('dml: the call "bad()" failed: function_threw: Error: at once\n');
    });

    it('goes on with --keep-going, which excludes --fail-fast [DML-CLI-1911]', async () => {
      const { exitCode, stderr } = await run('--keep-going', 1);
      expect(exitCode).toBe(7);
      expect(stderr.match(/^ {2}executed wait/gm)).toHaveLength(2);
      expect(stderr).not.toContain('cancelled');
      const both = ['run', 'fast.ts', '--fail-fast', '--keep-going'];
      expect(await repository.refusal(2, both)).toContain('--keep-going');
    });
  });

  it('loses the call alone whose function crashes, with --isolate [DML-CLI-1960]', async () => {
    repository.pipeline('crash', 'async (dag) => [dag.call(steps.crash), dag.call(steps.fine, 20)]', {
      code: `export const crash = () => { process.kill(process.pid, 'SIGSEGV'); return new Promise(() => {}); };
      export const fine = (n: number) => n + process.pid * 0;`,
    });
    const { exitCode, stderr } = await repository.dml(['run', 'crash.ts', '--isolate']);
    expect(exitCode).toBe(8);
    expect(stderr).toContain('worker_lost: the adapter "dml-worker" was ended by SIGSEGV');
    expect(stderr).toMatch(/^ {2}executed fine\(20\)/m);
  });

  it('warns once about retries that do not cover what a function throws [DML-CLI-1916]', async () => {
    repository.pipeline(
      'retries',
      'async (dag) => [1, 2].map((n) => dag.call(steps.bad.with({ retries: 3 }), n))',
      {
        code: 'export function bad(n: number): number { throw new Error("bad " + n); }',
      },
    );
    const { stderr } = await repository.dml(['run', 'retries.ts']);
    expect(stderr.match(/^ {2}warning .*\n.*$/gm)).toEqual([
      "  warning  bad has retries, which do not cover what it throws:\n           name the errors that may pass, as in retryOn: ['ECONNRESET'], or give retryOn: 'throw'",
    ]);
  });

  describe('with calls that need resources', () => {
    beforeAll(() => {
      const needs = '{ needs: { gpu: 1, linux: true } }';
      repository.pipeline(
        'needy',
        `async (dag) => [1, 2, 3].map((n) => dag.call(steps.fit.with(${needs}), n))`,
        {
          code: `export const fit = async (_n: number): Promise<number[]> => {
          const begun = Date.now();
          await new Promise((end) => setTimeout(end, 20));
          return [begun, Date.now()];
        };`,
        },
      );
    });

    it('runs no more of them at one time than --resources allows [DML-CLI-1914]', async () => {
      await repository.ok('run', 'needy.ts', '--workers', '3', '--resources', 'gpu=1,linux');
      const times = JSON.parse(await repository.ok('cat', 'needy')) as [begun: number, ended: number][];
      times.sort(([a], [b]) => a - b);
      for (const [at, [, ended]] of times.slice(0, 2).entries())
        expect(times[at + 1]?.[0]).toBeGreaterThanOrEqual(ended);
    });

    it('says what is missing where it is not offered [DML-CLI-1914]', async () => {
      const stderr = await repository.refusal(8, [
        'run',
        'needy.ts',
        '--no-cache',
        '--resources',
        'gpus=2,linux',
      ]);
      expect(stderr).toContain(
        'dml: the call "fit(1)" did not run: it needs gpu=1; the run offers gpus=2, linux; did you mean gpus?\n',
      );
      expect(stderr).toContain('hint: say what this machine has with an option such as --resources gpu=1,');
    });

    it.each(['gpu=0', 'gpu=x', 'gpu=1,gpu=2', '=2', 'gpu=1,,', 'gpu=-1', 'gpu=1.5', '', 'g pu=1'])(
      'takes a list of amounts by names, not %j [DML-CLI-1915]',
      async (list) => {
        const stderr = await repository.refusal(2, ['run', 'needy.ts', '--resources', list]);
        expect(stderr).toContain('--resources');
      },
    );
  });

  it('runs no more calls at one time than --workers allows [DML-CLI-0709]', async () => {
    await repository.run('parallel', '--workers', '1');
    const times = JSON.parse(await repository.ok('cat', 'parallel')) as [begun: number, ended: number][];
    expect(times).toHaveLength(3);
    times.sort(([a], [b]) => a - b);
    for (const [at, [, ended]] of times.slice(0, 2).entries())
      expect(times[at + 1]?.[0]).toBeGreaterThanOrEqual(ended);
    expect(await repository.refusal(2, ['run', 'pipelines.ts', 'parallel', '--workers', 'many'])).toContain(
      '--workers takes a whole number above 0, not "many"',
    );
  });

  it('reports a failed call with its name, code, message and what shows it [DML-CLI-0710]', async () => {
    const stderr = await repository.refusal(7, ['run', 'pipelines.ts', 'fails']);
    expect(stderr).toContain(
      'dml: the call "boom of three: boom(add(1, 2))" failed: function_threw: RangeError: 3 is no good\n',
    );
    const [, nodeId = ''] = /see it with "dml show ([0-9a-f]{12})"/.exec(stderr) ?? [];
    const shown = await repository.ok('show', nodeId);
    expect(shown).toContain('error function_threw: RangeError: 3 is no good');
    expect(shown).toMatch(/function .*\/boom$/m);
  });
});
