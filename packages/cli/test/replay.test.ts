import { REPLAYS_REF, RecordReader, recordedReplays } from '@daggerml/repository';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `import { call } from '@daggerml/bindings';
export const fixed = (n: number): number => n * 2;
export const roll = (n: number): object => ({ n, list: [1, { deep: process.env.VALUE ?? 'first' }] });
export const fails = (n: number): number => { throw new Error('no ' + n + (process.env.VALUE ?? '')); };
export const dies = (n: number): number => { if (process.env.VALUE) (process as any).reallyExit(3); return n; };
export const inner = (n: number): number => n * 10;
export const outer = async (n: number): Promise<number> => (await call(inner, n)) + 1;
`;

interface Replayed {
  readonly agree: number;
  readonly differ: number;
  readonly failed: number;
  readonly calls: readonly {
    call: string;
    outcome: string;
    execId: string;
    nodeId: string;
    replayExecId?: string;
    difference?: object;
  }[];
}

let repository: TestRepository;
beforeEach(async () => {
  repository = await TestRepository.create();
  repository.write('steps.ts', STEPS);
  repository.write(
    'rolls.ts',
    `import { definePipeline, functions } from '@daggerml/bindings';
    const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url), { allow: ['environment'] });
    export const rolls = definePipeline('rolls', (dag) => [dag.name('fixed', dag.call(steps.fixed, 4)),
      dag.name('roll', dag.call(steps.roll, 4)), dag.name('outer', dag.call(steps.outer, 4))]);
    export const chain = definePipeline('chain', (dag) => dag.name('taken', dag.call(steps.roll, dag.call(steps.fixed, 2))));
    export const deaths = definePipeline('deaths', (dag) => dag.name('dies', dag.call(steps.dies, 1)));
    export const broken = definePipeline('broken', (dag) => dag.call(steps.fails, 1));`,
  );
  await repository.ok('run', 'rolls.ts', 'rolls');
});

const given = (VALUE: string) => ({ env: { VALUE } });

/** Replays with another value in the environment, by which functions give another one. */
async function replay(exitCode: number, VALUE: string | undefined, ...args: string[]): Promise<Replayed> {
  const options = VALUE === undefined ? [] : ['--env', 'VALUE'];
  const end = await repository.dml(
    ['--json', 'replay', ...args, ...options],
    VALUE === undefined ? {} : given(VALUE),
  );
  expect(end.exitCode, end.stderr).toBe(exitCode);
  return JSON.parse(end.stdout);
}

describe('dml replay', () => {
  it('makes each call again, those of functions too, from what is recorded [DML-EXE-1807] [DML-CLI-1890]', async () => {
    // What is there now does not matter.
    repository.write('steps.ts', 'export const fixed = 1;');
    const { agree, differ, failed, calls } = await replay(0, undefined, 'rolls');
    expect({ agree, differ, failed }).toEqual({ agree: 4, differ: 0, failed: 0 });
    expect(calls.map(({ call }) => call).sort()).toEqual(['fixed(4)', 'inner(4)', 'outer(4)', 'roll(4)']);
    expect(new Set(calls.map(({ replayExecId }) => replayExecId)).size).toBe(4);
    for (const { execId, replayExecId } of calls) expect(replayExecId).not.toBe(execId);
    expect(await repository.ok('replay', 'rolls')).toBe('4 of 4 calls agreed, 0 differed, 0 failed\n');
  });

  it('reports the first place that differs [DML-EXE-1808] [DML-CLI-1891]', async () => {
    const { agree, differ, calls } = await replay(7, 'second', 'rolls');
    expect({ agree, differ }).toEqual({ agree: 3, differ: 1 });
    const [call] = calls.filter(({ outcome }) => outcome === 'differs');
    expect(call).toMatchObject({
      call: 'roll(4)',
      difference: { path: '.list[1].deep', before: '"first"', after: '"second"' },
    });
    const { stdout, exitCode } = await repository.dml(
      ['replay', 'rolls#roll', '--env', 'VALUE'],
      given('third'),
    );
    expect(exitCode).toBe(7);
    expect(stdout).toMatch(
      /^differs {2}[0-9a-f]{12} {2}roll\(4\)\n {2}\.list\[1\]\.deep: "first" before, "third" now\n0 of 1 call agreed, 1 differed, 0 failed\n$/,
    );
  });

  it('compares failures by code and message [DML-EXE-1808]', async () => {
    const { stderr } = await repository.dml(['run', 'rolls.ts', 'broken']);
    const [, nodeId = ''] = /dml show ([0-9a-f]{12})/.exec(stderr) ?? [];
    expect(await replay(0, undefined, nodeId)).toMatchObject({ agree: 1 });
    const { calls } = await replay(7, '!', nodeId);
    const difference = {
      path: '',
      before: 'function_threw: Error: no 1',
      after: 'function_threw: Error: no 1!',
    };
    expect(calls).toMatchObject([{ outcome: 'differs', difference }]);
  });

  it('ends with 8 for a call that could not be made [DML-CLI-1891]', async () => {
    await repository.ok('run', 'rolls.ts', 'deaths');
    expect(await replay(8, 'now', 'deaths')).toMatchObject({
      failed: 1,
      calls: [{ outcome: 'failed', failure: { code: 'worker_lost' } }],
    });
    expect(await repository.ok('show', 'deaths')).not.toContain('not deterministic');
  });

  it('makes a share of the calls, rounded up [DML-CLI-1892]', async () => {
    for (const [share, count] of [
      ['0.5', 2],
      ['30%', 2],
      ['1', 4],
      ['0.01', 1],
    ] as const)
      expect((await replay(0, undefined, 'rolls', '--sample', share)).calls).toHaveLength(count);
    for (const share of ['0', '1.5', '200%', 'x', '-1'])
      expect(await repository.refusal(2, ['replay', 'rolls', `--sample=${share}`])).toContain(
        '--sample takes a share',
      );
  });

  it('records what came of it in a ref of its own, kept from collections [DML-EXE-3630]', async () => {
    const refs = async (): Promise<{ name: string }[]> =>
      (await repository.refState()).refs as { name: string }[];
    const before = await refs();
    const { calls } = await replay(7, 'second', 'rolls');
    const after = await refs();
    expect(after.filter(({ name }) => name !== REPLAYS_REF)).toEqual(before);
    await repository.ok('gc');
    expect(await repository.ok('verify')).toContain('nothing is damaged');
    await repository.withStore((store) => {
      const replays = recordedReplays(new RecordReader(store));
      expect(Object.fromEntries(replays)).toEqual(
        Object.fromEntries(
          calls.map(({ execId, replayExecId, outcome }) => {
            const agrees = outcome === 'agrees';
            return [execId, { agrees, replayExecId, ...(!agrees && { path: '.list[1].deep' }) }];
          }),
        ),
      );
      for (const { replayExecId } of replays.values()) expect(store.has('exec', replayExecId)).toBe(true);
    });
    expect(await repository.ok('wip', 'list')).toBe('');
  });

  it('keeps a replay that differed when a later one agrees [DML-EXE-3631]', async () => {
    await replay(7, 'second', 'rolls#roll');
    await replay(0, undefined, 'rolls');
    expect(await repository.ok('show', 'rolls#roll')).toContain('not deterministic');
    const { replay: recorded } = (
      await repository.json<{ outcome: { replay: object } }>('show', 'rolls#fixed')
    ).outcome;
    expect(recorded).toMatchObject({ agrees: true });
  });

  it('has the call marked wherever it is shown [DML-CLI-1893] [DML-REP-0430]', async () => {
    await repository.ok('run', 'rolls.ts', 'chain');
    expect(await repository.ok('show', 'rolls')).not.toContain('not deterministic');
    await replay(7, 'second', 'rolls');
    const marked = (text: string): string[] =>
      text.split('\n').filter((line) => line.includes('not deterministic'));
    expect(marked(await repository.ok('show', 'rolls'))).toEqual([expect.stringContaining('roll(4)')]);
    expect(await repository.ok('show', 'rolls#roll')).toMatch(/^outcome {2}ok in .* not deterministic$/m);
    const { outcome } = await repository.json<{ outcome: object }>('show', 'chain#taken');
    expect(outcome).toHaveProperty('sourceExecId');
    expect(outcome).toMatchObject({ replay: { agrees: false, path: '.list[1].deep' } });
    expect(marked(await repository.ok('show', 'chain'))).toHaveLength(1);
  });

  it('has a run name the calls of its commit [DML-CLI-1894] [DML-REP-0431]', async () => {
    const run = async () => {
      const { stdout, stderr } = await repository.dml(['run', 'rolls.ts', 'rolls']);
      expect(stdout).toContain('nothing changed');
      return stderr.split('\n').filter((line) => line.includes('not deterministic'));
    };
    expect(await run()).toEqual([]);
    await replay(7, 'second', 'rolls');
    expect(await run()).toEqual([
      expect.stringMatching(/^ {2}warning {2}roll\(4\) {2}[0-9a-f]{12} {2}is not deterministic/),
    ]);
    const document = await repository.json<{ notDeterministic: object[] }>('run', 'rolls.ts', 'rolls');
    expect(document.notDeterministic).toMatchObject([{ call: 'roll(4)' }]);
    await repository.ok('run', 'rolls.ts', 'rolls', '--no-cache');
    expect(await run()).toEqual([]);
  });
});
