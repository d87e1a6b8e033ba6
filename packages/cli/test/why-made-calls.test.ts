import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

interface Why {
  readonly nodeId: string;
  readonly call: string;
  readonly reason: string;
  readonly sentence: string;
  readonly dag: string;
  readonly madeInCommitId: string;
  readonly commitsSince: number;
  readonly execId: string;
  readonly madeBy: readonly { readonly nodeId: string; readonly call: string }[];
  readonly earlier: { readonly nodeId: string; readonly commitId: string } | null;
  readonly differences: readonly { readonly kind: string; readonly text: string }[];
  readonly changes: { readonly files: readonly { readonly path: string }[] } | null;
}

const LEAF = 'export const leaf = (n: number) => n * 10;\n';
const STEPS = `import { call, callWith } from '@daggerml/bindings';
import { leaf } from './leaf.ts';
export const load = (rows: number) => rows * 2;
export const middle = async (n: number, by: number) => {
  if (by < 0) throw new Error('negative');
  const value = await callWith({ name: 'one' }, leaf, n);
  return value + by;
};
export const outer = async (n: number) => (await call(middle, n, 1)) + 1;
`;

let repository: TestRepository;
beforeEach(async () => {
  repository = await TestRepository.create();
});

interface Version {
  readonly steps?: string;
  readonly leaf?: string;
  readonly options?: readonly string[];
  readonly exitCode?: number;
}

/** Writes the pipeline `flow` with its functions in three files and runs it; returns the commit. */
async function run(
  build: string,
  { steps = STEPS, leaf = LEAF, options = [] }: Version = {},
): Promise<string> {
  repository.write('leaf.ts', leaf);
  const { commitId } = await repository.json(
    'run',
    repository.pipeline('flow', `async (dag) => ${build}`, { code: steps }),
    ...options,
  );
  return String(commitId);
}

const why = (name: string): Promise<Why> => repository.json('why', name) as never;

describe('dml why of a call that a function has made', () => {
  it('prints the calls around it [DML-CLI-3700]', async () => {
    await run('dag.call(steps.outer, 5)');
    const { madeBy, call, dag } = await why('leaf');
    expect([call, dag, madeBy.map((maker) => maker.call)]).toEqual([
      'leaf(5)',
      'flow',
      ['middle(5, 1)', 'outer(5)'],
    ]);
    expect(madeBy.map(({ nodeId }) => nodeId)).toEqual([
      (await why('middle')).nodeId,
      (await why('outer')).nodeId,
    ]);
    expect(await repository.ok('why', 'leaf')).toMatch(
      /^leaf\(5\) ran because it is new\nmade by {3}middle\(5, 1\), made by outer\(5\)\n/,
    );
    expect((await why('outer')).madeBy).toEqual([]);
    expect(await repository.ok('why', 'outer')).not.toContain('made by');
  });

  it('compares it with the nearest call in earlier results of its function [DML-EXE-3722]', async () => {
    const first = await run('dag.call(steps.outer, 5)');
    const before = await why('leaf');
    expect(before).toMatchObject({ reason: 'new', madeInCommitId: first, earlier: null, commitsSince: 0 });
    const second = await run('dag.call(steps.outer, 6)');
    const changed = await why('leaf');
    expect(changed).toMatchObject({
      reason: 'changed',
      madeInCommitId: second,
      earlier: { nodeId: before.nodeId, commitId: first },
      sentence: 'leaf(6) ran because input 1 changed from 5 to 6',
    });
    // A failed result has no such call: the one before it counts.
    await repository.json(
      'run',
      repository.pipeline('flow', 'async (dag) => dag.settled([dag.call(steps.outer, 6)])', {
        code: STEPS.replace('n, 1)', 'n, -1)'),
      }),
    );
    const third = await run('dag.call(steps.outer, 7)');
    expect(await why('leaf')).toMatchObject({
      reason: 'changed',
      madeInCommitId: third,
      earlier: { nodeId: changed.nodeId, commitId: second },
    });
    // The outer call ran again; the inner one kept its outcome, since which three commits were made.
    await run('dag.call(steps.outer, 7)', { steps: STEPS.replace('+ by', '+ by + 0') });
    await repository.define('other', '(dag) => 1');
    expect(await why('middle')).toMatchObject({ reason: 'changed', commitsSince: 1 });
    expect(await why('leaf')).toMatchObject({ reason: 'changed', madeInCommitId: third, commitsSince: 2 });
    // Everything ran again.
    const forced = await run('dag.call(steps.outer, 7)', {
      steps: STEPS.replace('+ by', '+ by + 0'),
      options: ['--no-cache'],
    });
    const { nodeId } = await why('leaf');
    expect(await why('leaf')).toMatchObject({
      reason: 'forced',
      madeInCommitId: forced,
      earlier: { nodeId },
      differences: [],
    });
  });

  it('follows what differs to the calls around it and on from there [DML-EXE-3723]', async () => {
    const build = (rows: number): string =>
      `dag.call(steps.outer, dag.name('rows', dag.call(steps.load, ${rows})))`;
    await run(build(2));
    await run(build(3));
    // An input of the call of the function, whose value the inner calls have.
    expect((await why('leaf')).sentence).toBe(
      'leaf(6) ran because input 1 changed through load(): a literal changed from 2 to 3',
    );
    await run(build(3), { steps: STEPS.replace('rows * 2', 'rows * 3') });
    expect((await why('leaf')).sentence).toBe(
      'leaf(9) ran because input 1 changed: the code of load changed (flow-steps.ts)',
    );
    // A value that the function has made: its code is the reason.
    const code = STEPS.replace('rows * 2', 'rows * 3').replace('leaf, n)', 'leaf, n + 1)');
    await run(build(3), { steps: code });
    const made = await why('leaf');
    expect(made.sentence).toMatch(/^leaf\(10\) ran because input 1 changed.*: the code of middle changed/);
    expect(made.changes?.files.map(({ path }) => path)).toEqual([expect.stringContaining('flow')]);
    await run(build(4), { steps: code });
    expect((await why('leaf')).sentence).toMatch(
      /^leaf\(13\) ran because input 1 changed through middle\(\), load\(\): .* changed from 3 to 4$/,
    );
    // Its own code.
    await run(build(4), { steps: code, leaf: LEAF.replace('10', '100') });
    const own = await why('leaf');
    expect(own).toMatchObject({ reason: 'changed', differences: [{ kind: 'function' }] });
    expect(own.changes?.files.map(({ path }) => path)).toEqual(['leaf.ts']);
  });
});
