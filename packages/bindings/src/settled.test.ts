import type { ExecRecord } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { Project, recorded } from '../test/project.ts';
import type { Dag } from './dag.ts';
import { definePipeline } from './pipeline.ts';
import type { Outcome } from './settled.ts';

let project: Project;
beforeEach(async () => {
  project = await Project.create();
});

const threw = (message: string) => ({
  status: 'error',
  error: { code: 'function_threw', message: `Error: ${message}` },
});
const ok = (value: unknown) => ({ status: 'ok', value });

describe('Dag.settled', () => {
  it('has the outcome of each call of a list in its place [DML-BND-1741]', async () => {
    const { steps, repository } = project;
    const dag = repository.newDag('list');
    const calls = [dag.call(steps.add, 1, 2), dag.call(steps.fail, 'no'), dag.literal('x')];
    const settled = dag.settled(calls);
    expect(await settled.value()).toEqual([ok(3), threw('no'), ok('x')]);
    const { uri, inputs } = recorded(dag, settled);
    expect(uri).toBe('dml://list/construct');
    const outcomes = inputs.map((nodeId) => recorded(dag, { nodeId } as typeof settled));
    expect(outcomes).toEqual(calls.map(({ nodeId }) => ({ uri: 'dml://call/outcome', inputs: [nodeId] })));
    expect(await dag.settled([]).value()).toEqual([]);
    const [sum, text] = await dag.settled([dag.call(steps.add, 1, 2), dag.literal('x')]).value();
    const typed: [Outcome<number>, Outcome<string>] = [sum, text];
    expect(typed).toEqual([ok(3), ok('x')]);
    await dag.close();
  });

  it('has the outcome of each call of an object under its name [DML-BND-1741]', async () => {
    const { steps, repository } = project;
    const dag = repository.newDag('object');
    const settled = dag.settled({ sum: dag.call(steps.add, 1, 2), no: dag.call(steps.fail, 'no') });
    expect(await settled.value()).toEqual({ sum: ok(3), no: threw('no') });
    const used = dag.call(steps.pair, settled, 1);
    expect(await used.value()).toEqual([{ sum: ok(3), no: threw('no') }, 1]);
    await dag.close();
  });

  it.each([
    ['a value', (dag: Dag) => [dag.literal(1), 2], 'calls[1] is no handle of a call'],
    ['a hole', (dag: Dag) => [dag.literal(1), undefined], 'calls[1] is no handle of a call'],
    ['a promise', async (dag: Dag) => [dag.literal(1).value()], 'calls is a promise'],
    ['a handle of its own', (dag: Dag) => dag.literal(1), 'calls is no handle of a call'],
    ['a map', (dag: Dag) => new Map([['a', dag.literal(1)]]), 'calls is no handle of a call'],
    ['null', () => null, 'calls is no handle of a call'],
    ['a promise under a name', (dag: Dag) => ({ a: dag.literal(1).value() }), 'calls.a is a promise'],
  ])('refuses %s [DML-BND-1742]', async (_, made, text) => {
    const dag = project.repository.newDag('refused');
    const refusal = { code: 'unsupported_value', message: expect.stringContaining(text) };
    expect(() => dag.settled(made(dag) as never)).toThrow(expect.objectContaining(refusal));
    await dag.close();
  });
});

describe('a dag with outcomes', () => {
  const settling = () =>
    definePipeline('settling', (dag) => {
      const { steps } = project;
      const failed = dag.call(steps.fail, 'kept');
      return dag.settled([dag.call(steps.add, 1, 2), failed, dag.call(steps.pair, failed)]);
    });

  it('is committed with recorded failures and what they kept from running [DML-BND-1743]', async () => {
    const { repository } = project;
    const first = await repository.run(settling());
    const blocked = {
      status: 'error',
      error: {
        code: 'input_failed',
        message: 'Error: kept',
        cause: { code: 'function_threw', message: 'Error: kept' },
      },
    };
    expect(await repository.read('settling')).toEqual([ok(3), threw('kept'), blocked]);
    expect([first.calls, first.counts]).toEqual([
      2,
      expect.objectContaining({ executed: 1, failed: 1, blocked: 1 }),
    ]);
    const again = await repository.run(settling());
    expect([again.changed, again.counts]).toEqual([
      false,
      expect.objectContaining({ executed: 0, failed: 1 }),
    ]);
    expect(await project.findings()).toEqual([]);
  });

  it('pins the failures that its outcomes were made of', async () => {
    const { commit } = await project.repository.run(settling());
    const { store } = project.repository;
    const statuses = [...commit.execMap.values()].map((execId) => {
      const { nodeKind, status } = store.getRecord('exec', execId) as ExecRecord;
      return `${nodeKind} ${status}`;
    });
    const builtins = Array.from({ length: 4 }, () => 'builtin ok');
    expect(statuses.sort()).toEqual([...builtins, 'call error', 'call ok']);
  });

  it('has no contradiction where an outcome is one of a literal [DML-EXE-3144]', async () => {
    const { repository } = project;
    await repository.run(definePipeline('literal', (dag) => dag.settled([dag.literal('x')])));
    expect(await repository.read('literal')).toEqual([ok('x')]);
    expect(await project.findings()).toEqual([]);
  });

  it('fails for a failure that it needs besides, and names it [DML-BND-1743]', async () => {
    const { steps, repository } = project;
    const both = definePipeline('both', (dag) => {
      const failed = dag.call(steps.fail, 'needed');
      return [dag.settled([failed, dag.call(steps.fail, 'settled')]), failed];
    });
    await expect(repository.run(both)).rejects.toMatchObject({
      code: 'dag_failed',
      fields: { message: 'Error: needed', failed: ['fail'] },
    });
    const named = definePipeline('named', (dag) =>
      dag.settled([dag.name('n', dag.call(steps.fail, 'named'))]),
    );
    await expect(repository.run(named)).rejects.toMatchObject({ code: 'dag_failed' });
  });

  it('fails for a failure that is no outcome, and names where it began', async () => {
    const { steps, repository } = project;
    const lost = definePipeline('lost', (dag) => {
      const slow = dag.call(steps.slow.with({ timeoutMs: 20, label: 'late' }), 600_000);
      return dag.settled([dag.call(steps.pair, slow)]);
    });
    await expect(repository.run(lost)).rejects.toMatchObject({
      code: 'dag_failed',
      fields: { failureCode: 'timeout', name: 'late' },
    });
    expect(repository.heads()).toEqual([]);
  });
});
