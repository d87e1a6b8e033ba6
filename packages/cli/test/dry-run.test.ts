import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
});

/** Returns the lines of a dry run without the ids of nodes and with single gaps. */
async function dryRun(...argv: string[]): Promise<string[]> {
  const out = await repository.ok('run', '--dry-run', ...argv);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}[0-9a-f]{12}$/, '').replace(/(?<=\S) {2,}/g, ' | '));
}

function pipelineOf(factor: number, options = '{ seed: 1, ["a b"]: [1, 2] }'): string {
  const build = `async (dag) => {
    const one = dag.name('one', dag.call(steps.add, ${factor}, 1));
    const settings = dag.name('settings', dag.literal(${options}));
    return dag.call(steps.keep, dag.call(steps.double, one), settings);
  }`;
  const code = `export const add = (a: number, b: number) => a + b;
export const double = (a: number) => a * 2;
export const keep = (a: number, b: unknown) => [a, b];`;
  return repository.pipeline('flow', build, { code });
}

describe('dml run --dry-run', () => {
  it('leaves the repository as it is [DML-CLI-1710]', async () => {
    await repository.ok('run', pipelineOf(1));
    const store = join(repository.folder, '.dml/store/data.mdb');
    const digest = (): string => createHash('sha256').update(readFileSync(store)).digest('hex');
    const before = [digest(), await repository.refState()];
    await dryRun(pipelineOf(2));
    await dryRun(pipelineOf(1), '--no-cache');
    expect([digest(), await repository.refState()]).toEqual(before);
  });

  it('prints the calls that are not answered, why, and how many there are of each state [DML-CLI-1711]', async () => {
    await repository.ok('run', pipelineOf(1));
    expect(await dryRun(pipelineOf(1))).toEqual(['0 would run, 3 cached; nothing was run or written']);
    expect(await dryRun(pipelineOf(2))).toEqual([
      '  would run | add(2, 1) | input 1 changed from 1 to 2',
      '  unknown | double(one) | depends on add(2, 1); cached if its value stays equal',
      '  unknown | keep(double(one), settings) | depends on double(one); cached if its value stays equal',
      '1 would run, 2 unknown until then, 0 cached; nothing was run or written',
    ]);
    const many = repository.pipeline(
      'many',
      'async (dag) => Array.from({ length: 23 }, (_, n) => dag.call(steps.add, n, 1))',
    );
    const few = await dryRun(many);
    expect([few.length, ...few.slice(-2)]).toEqual([
      22,
      '  would run add × 3 more',
      '23 would run, 0 cached; nothing was run or written',
    ]);
    expect(await dryRun(many, '--verbose')).toHaveLength(24);
  });

  it('prints every call as a document [DML-CLI-1712]', async () => {
    await repository.ok('run', pipelineOf(1));
    const document = await repository.json('run', '--dry-run', pipelineOf(2));
    const [add, double] = document.calls as Record<string, unknown>[];
    expect(document).toMatchObject({
      pipeline: 'flow',
      complete: true,
      stoppedAt: null,
      counts: { run: 1, unknown: 2, cached: 0 },
    });
    expect(add).toMatchObject({
      call: 'add(2, 1)',
      state: 'run',
      reason: 'changed',
      earlierNodeId: expect.stringMatching(/^[0-9a-f]{64}$/),
      differences: [{ kind: 'input', index: 0, text: 'input 1 changed from 1 to 2' }],
      dependsOn: [],
    });
    expect(double).toMatchObject({ state: 'unknown', reason: null, dependsOn: [add?.nodeId] });
    expect(document.calls).toHaveLength(3);
  });

  it('prints the input that differs, with the path into its value [DML-CLI-1713]', async () => {
    await repository.ok('run', pipelineOf(1));
    const text = async (options: string): Promise<string | undefined> =>
      (await dryRun(pipelineOf(1, options)))[0]?.split(' | ')[2];
    expect(await text('{ seed: 2, ["a b"]: [1, 2] }')).toBe(
      'input 2 (settings) changed at .seed from 1 to 2',
    );
    expect(await text('{ seed: 1, ["a b"]: [1, 3] }')).toBe(
      'input 2 (settings) changed at ["a b"][1] from 2 to 3',
    );
    expect(await text('{ seed: 1, ["a b"]: [1, 2], more: "x" }')).toBe(
      'input 2 (settings) changed at .more: "x" was added',
    );
    expect(await text('{ seed: 2, ["a b"]: [2] }')).toBe(
      'input 2 (settings) changed at ["a b"][0]: 1 was removed and 1 more',
    );
  });

  it('says which value the pipeline asks for [DML-CLI-1714]', async () => {
    const stops = repository.pipeline(
      'stops',
      'async (dag) => dag.call(steps.double, await dag.call(steps.add, 1, 8).value())',
    );
    expect(await dryRun(stops)).toEqual([
      '  would run | add(1, 8) | new',
      'The pipeline asks for the value of add(1, 8), which is not known: what it does with it, and further calls, cannot be said before that has run.',
      '1 would run, 0 cached, as far as is known; nothing was run or written',
    ]);
    const document = await repository.json('run', '--dry-run', stops);
    expect(document).toMatchObject({ complete: false, stoppedAt: { call: 'add(1, 8)' } });
  });
});
