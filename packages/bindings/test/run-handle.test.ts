import { beforeAll, describe, expect, it } from 'vitest';
import type { NodeHandle } from '../src/node-handle.ts';
import { definePipeline } from '../src/pipeline.ts';
import { coded, Project } from './project.ts';

let project: Project;
beforeAll(async () => {
  project = await Project.create();
});

const sums = definePipeline('sums', { parameters: { first: 1 } }, (dag, { first }) =>
  dag.call(project.steps.add, first, dag.call(project.steps.add, first, 3)),
);

describe('start', () => {
  it('returns the handle of a run at once, which does what run does [DML-BND-1862]', async () => {
    const heard: string[] = [];
    const onEvent = ({ type }: { type: string }): void => void heard.push(type);
    const run = project.repository.start(sums, { parameters: { first: 100 }, message: 'started', onEvent });
    expect(run.status).toBe('pending');
    expect(run.dag.dagName).toBe('sums');
    const { root, commit, counts, parameters } = await run.wait();
    expect(run.status).toBe('ok');
    expect(await root.value()).toBe(203);
    expect(commit.message).toBe('started');
    expect(counts.executed).toBe(2);
    expect(parameters).toEqual({ first: 100 });
    expect(heard.filter((type) => type === 'call-finished')).toHaveLength(2);
    // What a run refuses before anything runs is thrown.
    const wrong = { parameters: { second: 1 } } as never;
    expect(() => project.repository.start(sums, wrong)).toThrow(coded('unknown_parameter'));
  });

  it('has the events of the run, from its first to its end [DML-BND-1863]', async () => {
    const run = project.repository.start(sums, { parameters: { first: 200 } });
    const ended: string[] = [];
    let sequence = 0;
    for await (const event of run.events) {
      if (event.type === 'missed') throw new Error('none is missed');
      expect(event.sequence).toBe(sequence++);
      if (event.type === 'call-finished')
        ended.push(`${run.dag.describeCall(event.nodeId).text} ${event.outcome}`);
    }
    expect(ended).toEqual(['add(200, 3) executed', 'add(200, add(200, 3)) executed']);
    await run.wait();
    const again: unknown[] = [];
    for await (const event of run.events) again.push(event);
    expect(again).toHaveLength(sequence);
  });

  it('goes on where a loop over the events is left, or none reads [DML-BND-1864]', async () => {
    const run = project.repository.start(sums, { parameters: { first: 300 } });
    for await (const event of run.events) if (event.type === 'call-started') break;
    expect(await (await run.wait()).root.value()).toBe(603);
  });

  it('fails neither the process nor an iteration where nobody waits [DML-BND-1865]', async () => {
    const lost: unknown[] = [];
    const onLost = (error: unknown): void => void lost.push(error);
    process.on('unhandledRejection', onLost);
    const failing = definePipeline('failing', (dag) => dag.call(project.steps.fail, 'no'));
    const run = project.repository.start(failing);
    for await (const _event of run.events);
    expect(run.status).toBe('error');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onLost);
    expect(lost).toEqual([]);
    await expect(run.wait()).rejects.toMatchObject({ code: 'dag_failed' });
  });

  it('is cancelled by its signal, and its events end', async () => {
    const controller = new AbortController();
    const endless = definePipeline('endless', (dag) => dag.call(project.steps.slow, 1_000_000));
    const run = project.repository.start(endless, { signal: controller.signal });
    for await (const event of run.events) if (event.type === 'call-started') controller.abort();
    await expect(run.wait()).rejects.toMatchObject({ code: 'cancelled' });
    expect(run.status).toBe('error');
  });
});

describe('the signal of a dag', () => {
  it('cancels its calls, and its commit is rejected [DML-BND-1866]', async () => {
    const controller = new AbortController();
    const dag = project.repository.newDag('cancelled', {
      signal: controller.signal,
      onEvent: ({ type }) => void (type === 'call-started' && controller.abort()),
    });
    const before = project.repository.head;
    const call = dag.call(project.steps.slow, 2_000_000);
    const committed = dag.commit(call);
    await expect(call.wait()).rejects.toMatchObject({ code: 'cancelled' });
    await expect(committed).rejects.toMatchObject({ code: 'cancelled' });
    expect(project.repository.head).toEqual(before);
    await dag.close();
  });
});

describe('mapOver', () => {
  it('applies a function to the handle of each element, in its place [DML-BND-1867]', async () => {
    const dag = project.repository.newDag('mapped');
    const list = dag.call(project.steps.pair, 10, 20, 30);
    const asked: unknown[] = [];
    const sums = await dag.mapOver(list, (item, index) => {
      asked.push(index);
      return dag.call(project.steps.add, item as NodeHandle<number>, index);
    });
    expect(asked).toEqual([0, 1, 2]);
    expect(await dag.literal(sums).value()).toEqual([10, 21, 32]);
    const map = dag.literal({ b: 2, a: 1, ['__proto__']: 3 });
    const doubled = await dag.mapOver(map, async (item, key) => ({
      key,
      twice: dag.call(project.steps.add, item, item),
    }));
    expect(Object.keys(doubled).sort()).toEqual(['__proto__', 'a', 'b']);
    expect(doubled.a).toMatchObject({ key: 'a' });
    expect(await dag.literal(doubled.b ?? null).value()).toEqual({ key: 'b', twice: 4 });
    expect(await dag.mapOver(dag.literal([] as number[]), () => 1)).toEqual([]);
    // The graph has where each element came from.
    const handles: unknown[] = [];
    await dag.mapOver(map, (item) => void handles.push(item.kind));
    expect(handles).toEqual(['builtin', 'builtin', 'builtin']);
    await dag.close();
  });

  it('refuses what is neither a list nor a map, and reports its failure [DML-BND-1868]', async () => {
    const dag = project.repository.newDag('mapped');
    const over = (collection: unknown): Promise<unknown> => dag.mapOver(collection as never, () => 1);
    for (const value of [1, 'text', new Set([1]), new Uint8Array(3), null])
      await expect(over(dag.literal(value as never))).rejects.toMatchObject({
        code: 'unsupported_value',
        message: expect.stringContaining('run-handle.test.ts'),
      });
    await expect(over(dag.call(project.steps.fail, 'none'))).rejects.toMatchObject({
      code: 'function_threw',
    });
    await expect(over(dag.blob('not awaited'))).rejects.toMatchObject({ code: 'unsupported_value' });
    await dag.close();
    await expect(over([])).rejects.toMatchObject({ code: 'dag_closed' });
  });
});
