import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { headRef } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeEach(async () => {
  repository = await TestRepository.create();
});

interface Why {
  readonly nodeId: string;
  readonly call: string;
  readonly reason: string;
  readonly sentence: string;
  readonly madeInCommitId: string;
  readonly commitsSince: number;
  readonly execId: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly earlier: { readonly nodeId: string; readonly commitId: string } | null;
  readonly differences: readonly { readonly kind: string; readonly text: string }[];
  readonly changes: {
    readonly files: readonly {
      readonly path: string;
      readonly kind: string;
      readonly diff: readonly string[];
    }[];
    readonly libraries: readonly unknown[];
  } | null;
}

const NESTED = `import { call } from '@daggerml/bindings';
export const leaf = (n: number) => n * 10;
export const middle = async (n: number) => (await call(leaf, n)) + 1;
export const outer = async (n: number) => (await call(middle, n + 1)) + 1;
`;

const CODE = `import { limit } from './lib/limit.ts';
export const load = (rows: number) => Array.from({ length: rows }, (_, i) => i);
export const clean = (rows: number[]) => rows.filter((row) => row < limit);
export const fit = (rows: number[], k: number) => rows.length * k;
`;

/** Writes the pipeline \`flow\` and runs it; returns the commit. */
async function run(rows: number, k: number, code = CODE, ...options: string[]): Promise<string> {
  repository.write('lib/limit.ts', 'export const limit = 100;\n');
  const build = `async (dag) => {
    const data = dag.name('data', dag.call(steps.load, ${rows}));
    return dag.call(steps.fit, dag.name('rows', dag.call(steps.clean, data)), ${k});
  }`;
  const { commitId } = await repository.json('run', repository.pipeline('flow', build, { code }), ...options);
  return String(commitId);
}

const why = (name: string): Promise<Why> => repository.json('why', name) as never;

describe('dml why', () => {
  it('names the exec that ran, its times, and the commit since which the outcome holds [DML-EXE-1701]', async () => {
    const first = await run(5, 2);
    const second = await run(5, 3);
    await repository.define('other', 'async (dag) => 1');
    const rows = await why('flow#rows');
    const fit = await why('fit');
    expect([rows.madeInCommitId, rows.commitsSince, fit.madeInCommitId, fit.commitsSince]).toEqual([
      first,
      2,
      second,
      1,
    ]);
    const shown = await repository.json('show', rows.execId);
    expect(shown).toMatchObject({ class: 'exec', nodeId: rows.nodeId });
    expect(rows.finishedMs).toBeGreaterThanOrEqual(rows.startedMs);
    // A call that was answered by the exec of another one.
    await run(5, 3, CODE.replace('row < limit', '!(row >= limit)'));
    const taken = await why('fit');
    expect([taken.reason, taken.execId]).toEqual(['cut-off', fit.execId]);
  });

  it('says why each call has its outcome [DML-EXE-3513]', async () => {
    await run(5, 2);
    expect((await why('fit')).reason).toBe('new');
    await run(5, 3);
    expect([(await why('fit')).reason, (await why('clean')).reason]).toEqual(['changed', 'new']);
    await run(5, 3, CODE, '--no-cache');
    expect([(await why('fit')).reason, (await why('load')).reason]).toEqual(['forced', 'forced']);
    await run(5, 3, CODE.replace('row < limit', '!(row >= limit)'));
    expect([(await why('fit')).reason, (await why('clean')).reason]).toEqual(['cut-off', 'changed']);
    await repository.define('copy', 'async (dag) => dag.call(steps.fit, [0, 1, 2, 3, 4], 3)', { code: CODE });
    expect((await why('copy#root')).reason).toBe('taken-over');
    const failing = repository.pipeline('failing', 'async (dag) => dag.call(steps.boom, 1)');
    expect((await repository.dml(['run', failing])).exitCode).toBe(7);
    const { failedCalls } = JSON.parse((await repository.dml(['--json', 'run', failing])).stderr) as {
      failedCalls: { nodeId: string }[];
    };
    const failed = await why(failedCalls[0]?.nodeId ?? '');
    expect([failed.reason, failed.sentence]).toEqual(['new', 'boom(1) ran and failed because it is new']);
  });

  it('says of a call without an outcome that it has none [DML-EXE-3513]', async () => {
    await run(5, 2);
    await repository.plantCommit(headRef('lost'), { pins: [] });
    expect(await why('lost:flow#rows')).toMatchObject({
      ...{
        reason: 'none',
        execId: null,
        madeInCommitId: null,
        commitsSince: 0,
        earlier: null,
        differences: [],
      },
    });
    expect(await repository.ok('why', 'lost:flow#rows')).toMatch(/^clean\(data\) /);
  });

  it('looks for the earlier call in the closest ancestor that has the dag [DML-EXE-3514]', async () => {
    const first = await run(5, 2);
    await repository.ok('dag', 'delete', 'flow');
    await repository.define('other', 'async (dag) => dag.call(steps.add, 1, 1)');
    await run(5, 3);
    expect((await why('fit')).earlier?.commitId).toBe(first);
  });

  it('shows a changed function by files and libraries [DML-EXE-1704]', async () => {
    await run(5, 2);
    repository.write(
      'node_modules/lib/package.json',
      '{ "name": "lib", "version": "1.2.0", "type": "module", "main": "index.js" }',
    );
    repository.write('node_modules/lib/index.js', 'export const up = (x) => x + 1;');
    const code = `import { up } from 'lib';\n${CODE.replace('rows.length * k', 'up(rows.length) * k')}`;
    await run(5, 2, code);
    const { changes } = await why('fit');
    expect(changes).toEqual({
      files: [
        {
          path: 'flow-steps.ts',
          kind: 'changed',
          diff: [
            '@@ -1,4 +1,5 @@',
            "+import { up } from 'lib';",
            ...CODE.trimEnd()
              .split('\n')
              .slice(0, 3)
              .map((line) => ` ${line}`),
            '-export const fit = (rows: number[], k: number) => rows.length * k;',
            '+export const fit = (rows: number[], k: number) => up(rows.length) * k;',
          ],
        },
      ],
      libraries: [{ name: 'lib', after: '1.2.0' }],
    });
  });

  it('shows a changed script by its command and files [DML-EXE-3516]', async () => {
    const script = async (command: string, text: string): Promise<void> => {
      repository.write('say.sh', text);
      repository.write(
        'script.ts',
        `import { definePipeline, file } from '@daggerml/bindings';
        export const said = definePipeline('said', (dag) => dag.run\`${command} \${file('say.sh')}\`);`,
      );
      await repository.ok('run', 'script.ts');
    };
    await script('bash', 'echo 1\n');
    await script('bash', 'echo 2\n');
    const first = await why('said#root');
    expect(first.sentence).toMatch(/^say\(.*\) ran because the code of say changed \(say\.sh\)$/);
    expect(first.changes?.files).toEqual([
      { path: 'say.sh', kind: 'changed', diff: ['@@ -1,1 +1,1 @@', '-echo 1', '+echo 2'] },
    ]);
    await script('bash -e', 'echo 2\n');
    expect((await why('said#root')).changes?.files.map(({ path }) => path)).toEqual(['command']);
    repository.write('say.sh', 'echo 3\n');
    expect(await repository.ok('run', '--dry-run', 'script.ts')).toContain(
      'the code of say changed (say.sh)',
    );
  });

  it('shows a changed script of words, and its folders file by file [DML-EXE-3516]', async () => {
    const script = async (command: string): Promise<Why> => {
      repository.write(
        'script.ts',
        `import { definePipeline, input, text } from '@daggerml/bindings';
        export const said = definePipeline('said', (dag) =>
          dag.script({ command: ${command}, files: ['parts'], output: text() }));`,
      );
      await repository.ok('run', 'script.ts');
      return why('said#root');
    };
    repository.write('parts/deep/say.sh', 'echo 1 "$1"\n');
    repository.write('parts/other.txt', 'other');
    await script("['bash', 'parts/deep/say.sh', input('what', 'x')]");
    const words = await script("['bash', '-e', 'parts/deep/say.sh', input('what', 'x')]");
    expect(words.sentence).toMatch(/ ran because the code of .* changed \(command\)$/);
    expect(words.changes?.files).toMatchObject([
      {
        path: 'command',
        diff: ['@@ -1,1 +1,1 @@', '-bash parts/deep/say.sh <what>', '+bash -e parts/deep/say.sh <what>'],
      },
    ]);
    repository.write('parts/deep/say.sh', 'echo 2 "$1"\n');
    const { changes } = await script("['bash', '-e', 'parts/deep/say.sh', input('what', 'x')]");
    expect(changes?.files.map(({ path }) => path)).toEqual(['parts/deep/say.sh']);
  });

  it('reports an input that changed while its value stayed equal [DML-EXE-1707]', async () => {
    await run(5, 2);
    await run(5, 2, CODE.replace('row < limit', '!(row >= limit)'));
    const { reason, sentence } = await why('fit');
    expect([reason, sentence]).toEqual([
      'cut-off',
      'fit(rows, 2) did not run: input 1 (rows) has the same value as before, though the code of clean changed (flow-steps.ts)',
    ]);
  });

  it('says of a call without an earlier one that it is new [DML-EXE-1708]', async () => {
    await run(5, 2);
    expect((await why('flow#data')).sentence).toBe('load(5) ran because it is new');
    await repository.define('more', 'async (dag) => [dag.call(steps.add, 1, 1)]');
    await repository.define('more', 'async (dag) => [dag.call(steps.add, 1, 1), dag.call(steps.add, 1, 2)]');
    expect(await why('more#add(1, 2)')).toMatchObject({ reason: 'new', earlier: null });
  });

  it('answers in its first line, from records alone [DML-CLI-0815]', async () => {
    await run(5, 2);
    const first = (await repository.json('log'))[0 as never] as unknown as { commitId: string };
    await run(5, 3);
    for (const file of ['flow.ts', 'flow-steps.ts', 'lib'])
      rmSync(join(repository.folder, file), { recursive: true });
    const copy = join(repository.folder, 'copy');
    await repository.ok('backup', copy);
    for (const place of [repository.folder, copy]) {
      const lines = (await repository.ok('--repo', place, 'why', 'fit')).trimEnd().split('\n');
      expect(lines).toEqual([
        'fit(rows, 3) ran because input 2 changed from 2 to 3',
        expect.stringMatching(
          /^executed {2}\d{4}-\d\d-\d\d .*Z in \d.*, by node \d\S* on \S+, exec [0-9a-f]{12}$/,
        ),
        expect.stringMatching(/^commit {4}[0-9a-f]{12} {2}run flow {2}\(.*\)$/),
        expect.stringMatching(
          `^earlier {3}fit\\(rows, 2\\) in ${first.commitId.slice(0, 12)} {2}run flow {2}`,
        ),
      ]);
    }
    expect(await why('fit')).toMatchObject({
      call: 'fit(rows, 3)',
      sentence: expect.stringMatching(/ 2 to 3$/),
    });
  });

  it('explains the calls of a dag [DML-CLI-1720] [DML-REP-0302]', async () => {
    await run(5, 2);
    await run(6, 3);
    const lines = (await repository.ok('why', 'flow')).trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^3 calls of flow got their outcomes with commit [0-9a-f]{12}, 0 had one before$/,
    );
    expect(lines.slice(2).map((line) => line.replace(/^ {2}[0-9a-f]{12} {2}/, ''))).toEqual([
      'load(6) ran because input 1 changed from 5 to 6',
      'clean(data) ran because input 1 (data) changed through load(): a literal changed from 5 to 6',
      'fit(rows, 3) ran because input 1 (rows) changed through clean(), load(): a literal changed from 5 to 6',
    ]);
    const many = 'async (dag) => Array.from({ length: 23 }, (_, n) => dag.call(steps.add, n, 1))';
    await repository.define('many', many);
    const few = (await repository.ok('why', 'many')).trimEnd().split('\n');
    expect([few.length, few.at(-1)]).toEqual([23, '  and 3 more; --all explains each']);
    expect((await repository.ok('why', 'many', '--all')).trimEnd().split('\n')).toHaveLength(25);
    expect(await repository.json('why', 'many')).toMatchObject({ changed: 23, kept: 0 });
  });

  it('says what differs, whatever it is [DML-CLI-1713] [DML-EXE-1705]', async () => {
    const code = `export const load = (n: number) => Array.from({ length: n }, (_, i) => i);
export const make = (n: number) => Array.from({ length: n }, (_, i) => -i);
export const sum = (...parts: unknown[]) => parts.flat().length;
export const now = () => process.hrtime.bigint().toString();
`;
    const define = (name: string, build: string) => repository.define(name, build, { code });
    const sentence = async (before: string, after: string): Promise<string> => {
      await define('differs', `(dag) => dag.call(steps.sum, ${before})`);
      await define('differs', `(dag) => dag.call(steps.sum, ${after})`);
      return (await why('differs#root')).sentence.replace(/^.* ran because /, '');
    };
    expect(await sentence('1, 2', '1, 2, 3')).toBe('3 inputs instead of 2');
    expect(await sentence('dag.call(steps.load, 3)', '[7]')).toMatch(
      /^input 1 changed: a literal instead of a call/,
    );
    const made = (step: string): string => `dag.name('rows', dag.call(steps.${step}, 4))`;
    expect(await sentence(made('load'), made('make'))).toBe('input 1 (rows) changed: make instead of load');
    expect((await why('differs#rows')).sentence).toBe('make(4) ran because make instead of load');
    const many = (last: number): string => `...Array.from({ length: 60 }, (_, n) => n === 59 ? ${last} : n)`;
    expect(await sentence(many(100), many(101))).toBe('input 60 changed from 100 to 101');
    expect(await sentence('1, new Map([["a", 1], ["b", 2]])', '1, new Map([["b", 3], ["c", 4]])')).toBe(
      'input 2 changed at .a: 1 was removed and 2 more',
    );
    await define('base', '(dag) => dag.call(steps.load, 11)');
    await define('user', "(dag) => dag.call(steps.sum, dag.import('base').root)");
    await define('base', '(dag) => dag.call(steps.load, 12)');
    await repository.ok('run', 'user.ts');
    expect((await why('user#root')).sentence).toMatch(
      / ran because input 1 changed through load\(\): a literal changed from 11 to 12$/,
    );
    await define('again', '(dag) => dag.call(steps.sum, dag.call(steps.now))');
    await repository.ok('run', 'again.ts', '--no-cache');
    expect((await why('again#root')).sentence).toBe(
      'sum(now()) ran because input 1 changed: now() was run again and has another value',
    );
  });

  it('compares with the call that shares most inputs, each with one [DML-EXE-1702]', async () => {
    const code = 'export const sum = (...parts: number[]) => parts.reduce((a, b) => a + b, 0);';
    const sums = (...of: string[]) =>
      repository.define('sums3', `(dag) => [${of.map((each) => `dag.call(steps.sum, ${each})`).join()}]`, {
        code,
      });
    await sums('1, 9, 3', '1, 2, 3');
    await sums('1, 2, 4', '1, 2, 5');
    const earlier = async (name: string): Promise<string | undefined> =>
      (await repository.ok('why', name)).split('\n').find((line) => line.startsWith('earlier'));
    expect(await earlier('sum(1, 2, 4)')).toContain('sum(1, 2, 3) in ');
    expect(await earlier('sum(1, 2, 5)')).toContain('sum(1, 9, 3) in ');
  });

  it('shows files and libraries that are new or gone [DML-CLI-1721] [DML-EXE-1704]', async () => {
    await run(5, 2);
    repository.write(
      'node_modules/lib/package.json',
      '{ "name": "lib", "version": "1.2.0", "type": "module", "main": "index.js" }',
    );
    repository.write('node_modules/lib/index.js', 'export const up = (x) => x + 1;');
    for (const name of ['one', 'two', 'three'])
      repository.write(`lib/${name}.ts`, `export const ${name} = 100;\n`);
    const code = `import { up } from 'lib';
import { one } from './lib/one.ts';
import { two } from './lib/two.ts';
import { three } from './lib/three.ts';
export const load = (rows: number) => Array.from({ length: rows }, (_, i) => i);
export const clean = (rows: number[]) => rows.filter((row) => up(row) < one + two + three);
export const fit = (rows: number[], k: number) => rows.length * k;
`;
    await run(5, 2, code);
    const added = await repository.ok('why', 'clean');
    expect(added).toContain(
      'clean(data) ran because the code of clean changed (flow-steps.ts, lib/limit.ts, lib/one.ts and 3 more)\n',
    );
    expect(added).toContain('--- /dev/null\n+++ lib/one.ts\n@@ -0,0 +1,1 @@\n+export const one = 100;\n');
    expect(added).toContain('--- lib/limit.ts\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-export const limit = 100;\n');
    expect(added).toContain('library   lib: not used before, 1.2.0 now\n');
    await run(5, 2);
    const gone = await repository.ok('why', 'clean');
    expect(gone).toContain('--- lib/one.ts\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-export const one = 100;\n');
    expect(gone).toContain('library   lib: 1.2.0 before, not used now\n');
    await run(5, 2, CODE.replace('row < limit', 'row <= limit'));
    expect((await why('clean')).changes).toMatchObject({
      files: [{ path: 'flow-steps.ts', kind: 'changed' }],
      libraries: [],
    });
  });

  it('prints a diff of the sources [DML-CLI-1721]', async () => {
    await run(5, 2);
    await run(5, 2, CODE.replace('rows.length * k', 'rows.length + k'));
    const lines = (await repository.ok('why', 'fit')).trimEnd().split('\n');
    expect(lines[0]).toBe('fit(rows, 2) ran because the code of fit changed (flow-steps.ts)');
    expect(lines.slice(4)).toEqual([
      '',
      '--- flow-steps.ts',
      '+++ flow-steps.ts',
      '@@ -1,4 +1,4 @@',
      ...CODE.trimEnd()
        .split('\n')
        .slice(0, 3)
        .map((line) => ` ${line}`),
      '-export const fit = (rows: number[], k: number) => rows.length * k;',
      '+export const fit = (rows: number[], k: number) => rows.length + k;',
    ]);
  });
});

describe('a call to explain', () => {
  it('is named by its function or text, in one dag or all [DML-REP-0300]', async () => {
    await run(5, 2);
    const { nodeId } = await why('flow#root');
    for (const name of ['fit', 'flow#fit', 'fit(rows, 2)', 'flow#fit(rows, 2)', nodeId, nodeId.slice(0, 10)])
      expect((await why(name)).nodeId, name).toBe(nodeId);
    for (const dag of ['one', 'two']) await repository.define(dag, '(dag) => dag.call(steps.add, 3, 4)');
    expect(await why('add')).toMatchObject({ call: 'add(3, 4)', dag: 'one' });
    expect(await repository.error(3, ['why', 'other#fit'])).toMatchObject({ code: 'unknown_name' });
    expect(await repository.refusal(2, ['why', 'main'])).toContain('and no call, outcome of a call or dag');
  });

  it('is found by its id, or that of its dag, where an earlier commit has it [DML-REP-0300]', async () => {
    const first = await run(5, 2);
    const { dagId } = await repository.json<{ dagId: string }>('run', 'flow.ts');
    const { nodeId } = await why('fit');
    expect(await repository.json('why', dagId)).toMatchObject({ dag: 'flow', madeInCommitId: first });
    await run(5, 3);
    expect(await why(nodeId)).toMatchObject({ nodeId, dag: 'flow', madeInCommitId: first, reason: 'new' });
    // The current commit has no such dag any more.
    expect(await repository.error(2, ['why', dagId])).toMatchObject({
      code: 'wrong_class',
      detail: 'no_call',
    });
    await repository.ok('dag', 'delete', 'flow');
    expect(await why(nodeId)).toMatchObject({ nodeId, dag: 'flow', madeInCommitId: first });
    await repository.define('literal', '(dag) => 1');
    expect(await repository.refusal(2, ['why', 'literal#root'])).toContain('literal');
    expect(await repository.error(3, ['why', 'literal#'])).toHaveProperty('code');
    const empty = new TestRepository();
    await empty.ok('init');
    expect(await empty.error(3, ['why', 'fit'])).toMatchObject({ code: 'unknown_name' });
  });

  it('is named so by every command that takes a call [DML-REP-0300]', async () => {
    await run(5, 2);
    const { nodeId, execId } = await why('fit');
    for (const name of ['fit', 'flow#fit(rows, 2)']) {
      expect(await repository.json('show', name)).toEqual(await repository.json('show', 'flow#root'));
      expect(await repository.json('cat', name)).toEqual(await repository.json('cat', nodeId));
      for (const command of ['logs', 'replay'])
        expect(await repository.json(command, name), command).toMatchObject({ calls: [{ execId }] });
      expect(await repository.json('who', name)).toEqual(await repository.json('who', 'flow#root'));
      expect(await repository.json('retry', name)).toMatchObject({ calls: [] });
      const folder = join(repository.folder, `laid-out-${name.length}`);
      expect(await repository.json('debug', name, folder)).toMatchObject({ folder });
    }
  });

  it('is one that functions have made where no dag has such a call [DML-REP-3701]', async () => {
    await repository.define('deep', 'async (dag) => dag.call(steps.outer, 5)', { code: NESTED });
    const leaf = await why('leaf');
    expect(leaf).toMatchObject({ call: 'leaf(6)', dag: 'deep' });
    for (const name of ['leaf(6)', 'deep#leaf']) expect((await why(name)).nodeId).toBe(leaf.nodeId);
    expect(await repository.ok('show', 'leaf')).toContain('value    60');
    // Of several none is meant, and a call of a dag comes first.
    await repository.define('more', 'async (dag) => dag.call(steps.outer, 7)', { code: NESTED });
    expect(await repository.error(4, ['why', 'leaf'])).toMatchObject({ detail: 'calls' });
    await repository.define('own', 'async (dag) => dag.call(steps.leaf, 1)', { code: NESTED });
    expect(await why('leaf')).toMatchObject({ call: 'leaf(1)', dag: 'own' });
  });

  it('is refused where nothing that a branch has ran it [DML-REP-3700]', async () => {
    await repository.define('deep', 'async (dag) => dag.call(steps.outer, 5)', { code: NESTED });
    const { nodeId } = await why('leaf');
    await repository.define('kept', 'async (dag) => 1');
    await repository.ok('branch', 'own');
    await repository.ok('switch', 'own');
    await repository.define('gone', 'async (dag) => dag.call(steps.outer, 8)', { code: NESTED });
    const { calls } = await repository.json<{ calls: { nodeId: string; execId: string }[] }>('logs', 'gone');
    expect(calls).toHaveLength(3);
    await repository.ok('switch', 'main');
    await repository.ok('branch', '--delete', '--force', 'own');
    for (const id of calls.flatMap((call) => [call.nodeId, call.execId])) {
      const refused = { code: 'not_executed', detail: 'no_commit' };
      expect(await repository.error(3, ['why', id])).toMatchObject(refused);
      expect(await repository.refusal(3, ['why', id])).toContain('"dml why <dag>" explains');
    }
    // The history counts, and what is not there now.
    await repository.ok('dag', 'delete', 'deep');
    expect(await why(nodeId)).toMatchObject({ nodeId, dag: 'deep', reason: 'new' });
  });

  it('is refused with the calls where a function has several [DML-REP-0301]', async () => {
    await repository.define('two', 'async (dag) => dag.call(steps.add, dag.call(steps.add, 1, 2), 3)');
    const error = await repository.error(4, ['why', 'add']);
    expect(error).toMatchObject({ code: 'ambiguous_prefix', detail: 'calls' });
    expect(String(error.message)).toMatch(
      /add\(1, 2\) \([0-9a-f]{12}\), add\(add\(1, 2\), 3\) \([0-9a-f]{12}\)/,
    );
  });
});
