import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `import { call, callWith } from '@daggerml/bindings';
export const score = (weight: number): number => weight * 10;
export const fit = async (fold: number): Promise<number> => (await call(score, fold)) + 1;
export const cross = async (folds: number[]): Promise<number> => {
  const parts = await Promise.all(folds.map((fold) => callWith({ name: 'fold ' + fold }, fit, fold)));
  return parts.reduce((a, b) => a + b, 0);
};
`;

interface MadeCall {
  readonly nodeId: string;
  readonly call: string;
  readonly names: readonly string[];
  readonly outcome: { readonly status: string };
  readonly calls: readonly MadeCall[];
}

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.define('folds', '(dag) => dag.name("all", dag.call(steps.cross, [1, 2]))', {
    code: STEPS,
  });
});

describe('dml show of a call whose function makes calls', () => {
  it('lists them with outcomes and names, and on demand theirs [DML-CLI-1965]', async () => {
    const shown = await repository.ok('show', 'folds#all');
    const lines = shown.split('\n').filter((line) => /^(calls {3}| {8} )/.test(line));
    expect(
      lines.map((line) =>
        line
          .slice(9)
          .replace(/^[0-9a-f]{12} {2}|in \S+ m?s|\s+/g, ' ')
          .trim(),
      ),
    ).toEqual([
      expect.stringMatching(/^fit\(1\) +ok +fold 1 +makes 1 call$/),
      expect.stringMatching(/^fit\(2\) +ok +fold 2 +makes 1 call$/),
    ]);
    const full = await repository.ok('show', 'folds#all', '--full');
    expect(full).toMatch(
      /fit\(1\) .*\n +[0-9a-f]{12} +score\(1\) .*\n +[0-9a-f]{12} +fit\(2\) .*\n +[0-9a-f]{12} +score\(2\)/,
    );
    const { calls } = await repository.json<{ calls: MadeCall[] }>('show', 'folds#all');
    expect(calls.map(({ call, names }) => [call, names])).toEqual([
      ['fit(1)', ['fold 1']],
      ['fit(2)', ['fold 2']],
    ]);
    expect(calls[0]?.calls).toMatchObject([{ call: 'score(1)', outcome: { status: 'ok' }, calls: [] }]);
  });

  it('takes the outcomes that its own exec pins [DML-REP-0043]', async () => {
    const { calls: before } = await repository.json<{ calls: MadeCall[] }>('show', 'folds#all');
    const commit = (await repository.json<{ commitId: string }>('show', 'folds')).commitId;
    await repository.ok('run', 'folds.ts', '--no-cache');
    const { calls: later } = await repository.json<{ calls: MadeCall[] }>('show', 'folds#all');
    expect(later.map(({ call }) => call)).toEqual(before.map(({ call }) => call));
    expect(later.map(({ outcome }) => outcome)).not.toEqual(before.map(({ outcome }) => outcome));
    const { calls: again } = await repository.json<{ calls: MadeCall[] }>('show', `${commit}:folds#all`);
    expect(again).toEqual(before);
    expect(before.every(({ outcome }) => outcome.status === 'ok')).toBe(true);
  });

  it('is shown from the id of a call that only a function has made', async () => {
    const { calls } = await repository.json<{ calls: MadeCall[] }>('show', 'folds#all');
    const shown = await repository.ok('show', calls[0]?.nodeId ?? '');
    expect(shown).toContain('call     fit(1)');
    expect(shown).toContain('value    11');
  });
});
