import { DmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag.ts';
import { definePipeline } from '../src/pipeline.ts';
import type { Repository } from '../src/repository.ts';
import { Project } from './project.ts';

/** Lets the store refuse every later transaction of a run, as it does when the disk is full. */
function fill({ store }: Repository): void {
  const transact = store.transact.bind(store);
  Object.defineProperty(store, 'transact', {
    value: (...given: Parameters<typeof transact>) => {
      if (given[0] !== 'integrate') return transact(...given);
      throw new DmlError({ code: 'store_full', fields: { neededBytes: 1, availableBytes: 0 } });
    },
  });
}

describe('a store that fails in the middle of a run', () => {
  it('fails the run with its own error, wherever that is waited for [DML-EXE-1009]', async () => {
    const { repository, steps } = await Project.create();
    const pipelines: ((dag: Dag) => unknown)[] = [
      (dag) => dag.call(steps.add, 1, 2),
      async (dag) => (await dag.call(steps.add, 1, 2).value()) + 1,
      (dag) => dag.call(steps.add, 1, 2).wait(),
    ];
    const before = repository.heads();
    fill(repository);
    for (const [index, build] of pipelines.entries()) {
      const run = repository.run(definePipeline(`pipeline ${index}`, build));
      await expect(run, `pipeline ${index}`).rejects.toMatchObject({ code: 'store_full' });
    }
    const dag = repository.newDag('by hand');
    const call = dag.call(steps.add, 1, 2);
    await expect(call.value()).rejects.toMatchObject({ code: 'store_full' });
    await expect(dag.commit(call)).rejects.toMatchObject({ code: 'store_full' });
    expect(repository.heads()).toEqual(before);
  });
});
