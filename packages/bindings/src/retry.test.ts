import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { functions } from '@daggerml/capture';
import { beforeEach, describe, expect, it } from 'vitest';
import { Project } from '../test/project.ts';
import { definePipeline } from './pipeline.ts';

interface Flaky {
  load(n: number): number;
  fit(n: number): number;
}

let project: Project;
let steps: ReturnType<typeof functions<Flaky>>;
beforeEach(async () => {
  project = await Project.create();
  const marker = project.write('broken', '');
  const file = project.write(
    'flaky.ts',
    `import { existsSync } from 'node:fs';
    const check = (what: string, n: number): number => {
      if (existsSync(${JSON.stringify(marker)})) throw new Error(what + ' ' + n);
      return n;
    };
    export const load = (n: number): number => check('load', n);
    export const fit = (n: number): number => check('fit', n);`,
  );
  steps = functions<Flaky>(pathToFileURL(file));
});

const sweep = () =>
  definePipeline('sweep', (dag) => dag.settled([dag.call(steps.load, 1), dag.call(steps.fit, 2)]));
const train = () =>
  definePipeline('train', (dag) => [dag.call(steps.load, 3), dag.call(steps.fit, dag.call(steps.load, 4))]);

/** Runs a pipeline that goes on with its failures and one that fails, and mends the functions. */
async function failTwice(): Promise<void> {
  const { repository } = project;
  await repository.run(sweep());
  await expect(repository.run(train())).rejects.toMatchObject({ code: 'dag_failed' });
}
const mend = (): void => rmSync(`${project.folder}/broken`);

/** What was run again, in short. */
async function retried(what?: string): Promise<string[]> {
  const { calls } = await project.repository.retry(what);
  return calls.map(({ dag, call, status }) => `${dag}: ${call} ${status}`).sort();
}

describe('Repository.retry', () => {
  it('runs from records what the next run of the pipeline takes [DML-BND-1745]', async () => {
    await failTwice();
    const { repository } = project;
    expect(await retried('train')).toEqual(['train: load(3) error', 'train: load(4) error']);
    mend();
    rmSync(`${project.folder}/flaky.ts`);
    await project.reopen();
    expect(await retried()).toHaveLength(4);
    project.write('flaky.ts', '');
    await project.repository.close();
    expect(repository.folder).toBe(project.folder);
    await project.reopen();
    expect(await retried()).toEqual([]);
  });

  it('answers the next run of the work, whose outcomes are others then [DML-BND-1745]', async () => {
    await failTwice();
    mend();
    await retried();
    const { repository } = project;
    const settled = await repository.run(sweep());
    expect(settled.counts).toMatchObject({ executed: 0, cached: 2, failed: 0 });
    expect(await repository.read('sweep')).toEqual([
      { status: 'ok', value: 1 },
      { status: 'ok', value: 2 },
    ]);
    expect((await repository.run(train())).counts).toMatchObject({ executed: 1, cached: 2 });
    expect(repository.store.readRefs('index')).toEqual([]);
  });

  it.each([
    ['a function', () => 'load', ['sweep: load(1) ok', 'train: load(3) ok', 'train: load(4) ok']],
    ['a dag', () => 'train', ['train: load(3) ok', 'train: load(4) ok']],
    ['a dag that goes on with failures', () => 'sweep', ['sweep: fit(2) ok', 'sweep: load(1) ok']],
    [
      'nothing',
      () => undefined,
      ['sweep: fit(2) ok', 'sweep: load(1) ok', 'train: load(3) ok', 'train: load(4) ok'],
    ],
  ])('selects by %s [DML-BND-1746]', async (_, what, expected) => {
    await failTwice();
    mend();
    expect(await retried(what())).toEqual(expected);
    if (what() !== 'load') expect(await retried(what())).toEqual([]);
  });

  it('selects one call by the id of its node or exec, also one that nothing keeps [DML-BND-1746]', async () => {
    await failTwice();
    const { repository } = project;
    const calls = (await repository.retry('train')).calls;
    const [first, second] = calls as [(typeof calls)[0], (typeof calls)[0]];
    for (const { name, commitId } of repository.store.readRefs('index'))
      repository.store.updateRef({
        ref: name,
        expected: commitId,
        next: null,
        actor: 'tester',
        reason: 'prune',
      });
    mend();
    expect(await retried(first.nodeId.slice(0, 12))).toEqual([`retry: ${first.call} ok`]);
    expect(await retried(second.execId)).toEqual([`retry: ${second.call} ok`]);
    expect((await repository.run(train())).counts).toMatchObject({ executed: 1, cached: 2 });
    expect(await retried(first.execId)).toEqual([`retry: ${first.call} ok`]);
  });

  it('refuses a name of nothing that failed [DML-BND-1747]', async () => {
    await failTwice();
    const { repository } = project;
    await expect(repository.retry('lod')).rejects.toMatchObject({
      code: 'unknown_name',
      detail: 'failure',
      fields: { nearest: ['load'] },
    });
    await expect(repository.retry('trian')).rejects.toMatchObject({ fields: { nearest: ['train'] } });
    await expect(repository.retry('main')).rejects.toMatchObject({ code: 'wrong_class' });
  });

  it('is cancelled by its signal', async () => {
    await failTwice();
    const retry = project.repository.retry(undefined, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(retry).rejects.toMatchObject({ code: 'cancelled', fields: { message: 'enough' } });
  });
});
