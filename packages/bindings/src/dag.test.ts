import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, linkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { type FunctionRef, functions, loadPipeline } from '@daggerml/capture';
import { type RunEvent, RunObjects } from '@daggerml/execution';
import { treeEntries } from '@daggerml/object-model';
import { type BlobHandle, f64 } from '@daggerml/values';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureRefusal, coded, Project, recorded, type Steps } from '../test/project.ts';
import type { Dag } from './dag.ts';
import type { NodeHandle } from './node-handle.ts';
import { definePipeline } from './pipeline.ts';

let project: Project;
let dag: Dag;
let steps: Project['steps'];
beforeAll(async () => {
  project = await Project.create();
  ({ steps } = project);
  dag = project.repository.newDag('work', { folder: project.folder });
});

/** Opens a store in another process, which asks the kernel who has it open, and says which process it sees. */
const ASK = `
  import { openStore } from ${JSON.stringify(new URL('../../store/dist/index.js', import.meta.url).href)};
  const store = await openStore(process.argv[1], { mode: 'read' });
  for (const { process: { pid } } of store.liveSessions()) process.stdout.write(pid + ' is seen');
  await store.close();
`;

/** Returns the error that a node ends with. */
async function failureOf(handle: NodeHandle): Promise<Error> {
  return handle.value().then(
    () => expect.fail('the node has a value'),
    (error: Error) => error,
  );
}

describe('Dag.literal', () => {
  it('returns a handle of a node with the lowered value [DML-BND-0401]', async () => {
    const handle = dag.literal({ a: [1, 'x'] });
    expect([handle.kind, await handle.value()]).toEqual(['literal', { a: [1, 'x'] }]);
    expect(dag.literal({ a: [1, 'x'] }).nodeId).toBe(handle.nodeId);
    expect(dag.literal(f64(1)).nodeId).not.toBe(dag.literal(1).nodeId);
  });

  it('returns a handle that it is given [DML-BND-0402]', () => {
    const handle = dag.literal(1);
    expect(dag.literal(handle)).toBe(handle);
  });

  it('makes one literal node of a collection without handles [DML-BND-0708]', () => {
    const handle = dag.literal({ a: [1, new Set([2]), new Map([['b', [3]]])] });
    expect(handle.kind).toBe('literal');
  });

  it('makes a construct builtin of a collection that holds a handle [DML-BND-0709]', async () => {
    const inner = dag.literal(1);
    const handle = dag.literal([inner, 'x', { deep: [inner] }, [2, 3]]);
    const { uri, inputs } = recorded(dag, handle);
    expect(uri).toBe('dml://list/construct');
    expect(inputs.slice(0, 2)).toEqual([inner.nodeId, dag.literal('x').nodeId]);
    expect(inputs[2]).toBe(dag.literal({ deep: [inner] }).nodeId);
    expect(inputs[3]).toBe(dag.literal([2, 3]).nodeId);
    expect(await handle.value()).toEqual([1, 'x', { deep: [1] }, [2, 3]]);
  });

  it('gives map/construct key and value in turn, in the order of the keys [DML-BND-0710]', async () => {
    const value = dag.literal(5);
    const handle = dag.literal({ z: value, a: 1, '\u{1F600}': 2, '\uFF5E': 3 });
    const { uri, inputs } = recorded(dag, handle);
    expect(uri).toBe('dml://map/construct');
    const expected = ['a', 1, 'z', value, '\uFF5E', 3, '\u{1F600}', 2].map(
      (each) => dag.literal(each as never).nodeId,
    );
    expect(inputs).toEqual(expected);
    expect(await handle.value()).toEqual({ z: 5, a: 1, '\u{1F600}': 2, '\uFF5E': 3 });
  });

  it('gives set/construct distinct inputs in the order of their ids [DML-BND-0711]', async () => {
    const handles = [3, 1, 2].map((each) => dag.literal(each));
    const handle = dag.literal(new Set([...handles, dag.literal(1), 2]));
    const { uri, inputs } = recorded(dag, handle);
    expect([uri, inputs]).toEqual(['dml://set/construct', handles.map(({ nodeId }) => nodeId).sort()]);
    expect(await handle.value()).toEqual(new Set([1, 2, 3]));
  });

  it('refuses a collection with handles that contains itself', () => {
    for (const at of [0, 1]) {
      const list: unknown[] = [dag.literal(1)];
      list.splice(at, 0, [list]);
      expect(() => dag.literal({ list })).toThrow(
        /^cyclic_value: \S+: list\S+ is a reference back to list\b/,
      );
    }
  });

  it('refuses next to a handle what it refuses without one', () => {
    const handle = dag.literal(1);
    class Model {
      handle = handle;
    }
    let deep: unknown = handle;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    const twoSpellings = new Map([...'e\u0301 \u00e9'.split(' ')].map((key) => [key, handle]));
    for (const value of [
      { [Symbol('s')]: 1, handle },
      new Map<unknown, unknown>([[1, handle]]),
      twoSpellings,
      Object.assign(new Array(3), { 0: handle }),
      new Model(),
      { handle, callback: () => 1 },
      deep,
    ])
      expect(() => dag.literal(value as never)).toThrow(coded('unsupported_value'));
  });

  it('constructs what occurs many times once', async () => {
    let shared: unknown = dag.literal('shared');
    for (let level = 0; level < 40; level++) shared = [shared, shared];
    expect(dag.literal(shared).kind).toBe('builtin');
  });
});

describe('Dag.call', () => {
  it('returns at once with a handle of the call node [DML-BND-0405]', async () => {
    const handle = dag.call(steps.slow, 50);
    expect([handle.kind, handle.status]).toEqual(['call', 'pending']);
    expect(await handle.value()).toBe(50);
  });

  it('lowers an argument that is not a handle [DML-BND-0406]', async () => {
    const handle = dag.call(steps.pair, dag.literal(1), { a: [2] }, [dag.literal(3)]);
    expect(await handle.value()).toEqual([1, { a: [2] }, [3]]);
    expect(handle.nodeId).toBe(
      dag.call(steps.pair, 1, dag.literal({ a: [2] }), dag.literal([dag.literal(3)])).nodeId,
    );
    expect(() => dag.call(steps.pair, { callback: () => 1 })).toThrow(
      /^unsupported_value: \S+: inputs\[0\]\.callback is the function callback and cannot be stored; /,
    );
  });

  it('leaves out what is undefined at the end [DML-BND-0416]', async () => {
    const short = dag.call(steps.pair, 1);
    const long = dag.call(
      steps.pair as FunctionRef<(a: number, b?: number, c?: string) => unknown>,
      1,
      undefined,
    );
    expect([long.nodeId, await long.value()]).toEqual([short.nodeId, [1]]);
    expect(() => dag.call(steps.pair, undefined, 1)).toThrow(
      /^unsupported_value: \S+: inputs\[0\] is undefined and cannot be stored; use null/,
    );
  });

  it('gives a call the same node whatever its options [DML-BND-1211]', () => {
    const tuned = steps.add.with({ timeoutMs: 9999, retries: 0, label: 'sum', cache: false });
    expect(dag.call(tuned, 70, 1).nodeId).toBe(dag.call(steps.add, 70, 1).nodeId);
  });

  it('takes a function reference for each export of a module [DML-BND-1210]', async () => {
    const references = functions<Steps>(pathToFileURL(join(project.folder, 'steps.ts')));
    expect(await dag.call(references.add, 2, 2).value()).toBe(4);
    const table = { rows: 4, mean: 2, tags: new Set(['a', 'b']) };
    expect(await dag.call(references.table, 4).value()).toEqual(table);
    const missing = (references as unknown as Record<string, typeof references.slow>).nothing!;
    expect(() => dag.call(missing, 1)).toThrow(coded('capture_failed'));
  });

  it('refuses a function that is not a reference with the way to make one', () => {
    const plain = ((x: number) => x) as unknown as typeof steps.slow;
    expect(() => dag.call(plain, 1)).toThrow(/^unsupported_value: .*functions\(new URL\(/);
  });

  it('changes status and execId when the outcome is known [DML-BND-0501]', async () => {
    const [good, bad] = [dag.call(steps.random, 1), dag.call(steps.fail, 'status')];
    expect([good.status, bad.status]).toEqual(['pending', 'pending']);
    await good.wait();
    await bad.wait().catch(() => {});
    expect([good.status, bad.status]).toEqual(['ok', 'error']);
  });

  it('rejects wait with code and message of the failure [DML-BND-0503]', async () => {
    const handle = dag.call(steps.fail, 'that did not work');
    await expect(handle.wait()).rejects.toMatchObject({
      code: 'function_threw',
      fields: { message: 'Error: that did not work', name: 'fail' },
    });
    await expect(dag.call(steps.add, handle as NodeHandle<number>, 1).value()).rejects.toMatchObject({
      code: 'input_failed',
    });
  });

  it('says in the message which call failed, and what it threw [DML-BND-0506]', async () => {
    const plain = dag.call(steps.fail, 'plain');
    const labelled = dag.call(steps.fail.with({ label: 'fold 3' }), 'labelled');
    await expect(plain.value()).rejects.toThrow(
      `function_threw: fail() (node ${plain.nodeId.slice(0, 12)}) failed: Error: plain`,
    );
    await expect(labelled.value()).rejects.toThrow(
      `function_threw: fail() "fold 3" (node ${labelled.nodeId.slice(0, 12)}) failed: Error: labelled`,
    );
    await expect(dag.list.get([1], 5).value()).rejects.toThrow(
      /^missing_element: dml:\/\/list\/get \(node [0-9a-f]{12}\) failed: .*index/,
    );
  });

  it('has what the function threw as the cause [DML-BND-0507]', async () => {
    const { cause } = (await failureOf(dag.call(steps.range, 5))) as { cause: Error };
    expect(cause).toBeInstanceOf(Error);
    expect([cause.name, cause.message]).toEqual(['RangeError', '5: out of range']);
    expect(cause.stack).toMatch(/^RangeError: 5: out of range\n {4}at range \(.*:\d+:\d+\)/);
  });

  it('has the causes of what the function threw, too [DML-BND-0509]', async () => {
    const error = await failureOf(dag.call(steps.chain));
    expect(error.message).toMatch(
      /failed: Error: outer; caused by: TypeError: middle; caused by: thrown: inner$/,
    );
    const outer = error.cause as Error;
    const middle = outer.cause as Error;
    expect([outer.message, middle.name, middle.message]).toEqual(['outer', 'TypeError', 'middle']);
  });

  it('names the failed input of a call that could not run, with its error as the cause [DML-BND-0508]', async () => {
    const failed = dag.call(steps.fail, 'first');
    const between = dag.call(steps.pair, failed);
    const error = await failureOf(dag.call(steps.pair, [between]));
    const origin = `function_threw: fail() (node ${failed.nodeId.slice(0, 12)}) failed: Error: first`;
    expect(error.message).toMatch(/^input_failed: pair\(\) \(node [0-9a-f]{12}\) did not run/);
    expect([error.message.endsWith(origin), (error.cause as Error).message]).toEqual([true, origin]);
    expect((error.cause as { cause: Error }).cause.message).toBe('first');
  });

  it('lets the process live when nobody waits for a failed call [DML-BND-0504]', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    const handle = dag.call(steps.fail, 'nobody waits');
    while (handle.status === 'pending') await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', listener);
    expect([handle.status, unhandled]).toEqual(['error', []]);
  });

  it('has the pinned exec as execId of a completed call [DML-BND-0505]', async () => {
    const own = project.repository.newDag('exec ids');
    const handle = own.call(steps.random, 55);
    const committing = own.commit(handle);
    // Also while its exec is made already and not kept yet.
    while (handle.status === 'pending') {
      expect(handle.execId).toBeUndefined();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { commitId } = await committing;
    expect(project.repository.getCommit(commitId).execMap.get(handle.nodeId)).toBe(handle.execId);
  });
});

describe('NodeHandle', () => {
  it('waits for the node and yields its lifted value [DML-BND-0413]', async () => {
    const slow = dag.call(steps.slow, 30);
    expect(await dag.list.append([1], slow).value()).toEqual([1, 30]);
  });

  it('is not thenable [DML-BND-0414]', async () => {
    const handle = dag.call(steps.add, 1, 1);
    expect('then' in handle).toBe(false);
    expect(await (async () => handle)()).toBe(handle);
    expect([handle.kind, await handle.value()]).toEqual(['call', 2]);
  });

  it('is refused where text or a number is wanted [DML-BND-0418]', () => {
    const handle = dag.name('used wrongly', dag.literal(20));
    const uses: [() => unknown, string][] = [
      [() => `${handle}`, 'text'],
      [() => Number(handle) + 1, 'a number'],
      [() => (handle as never) > 3, 'a number'],
      [() => (handle as never) + 1, 'text or a number'],
    ];
    for (const [use, wanted] of uses) {
      expect(use).toThrow(coded('unsupported_value'));
      expect(use).toThrow(`is used as ${wanted} before it has a value; use await handle.value()`);
    }
  });

  it('is refused where JSON is wanted [DML-BND-0419]', () => {
    const use = (): string => JSON.stringify({ kept: [dag.literal(20)] });
    expect(use).toThrow(coded('unsupported_value'));
    expect(use).toThrow('is used as JSON before it has a value');
  });

  it('is refused where its members are taken for a value [DML-BND-0421]', () => {
    const use = (): unknown => dag.literal({ kept: { ...dag.literal(20) } });
    expect(use).toThrow(coded('unsupported_value'));
    expect(use).toThrow('kept is an object with the symbol key Symbol(of a spread handle)');
  });

  it('is named by function or kind where it is refused, with what to write instead [DML-BND-0420]', () => {
    const instead = 'use await handle.value(), or pass the handle itself on';
    const cases: [NodeHandle, string][] = [
      [dag.literal(20), 'the literal'],
      [dag.call(steps.add, 1, 2), 'add()'],
      [dag.list.append([], 1), 'dml://list/append'],
    ];
    for (const [handle, named] of cases) {
      const node = `(node ${handle.nodeId.slice(0, 12)})`;
      expect(() => `${handle}`).toThrow(`: the handle of ${named} ${node} is used as text`);
      expect(() => `${handle}`).toThrow(instead);
    }
  });

  it('shows what it stands for', async () => {
    const call = dag.call(steps.fail, 'shown');
    const node = `node ${call.nodeId.slice(0, 12)}`;
    expect(inspect(call)).toBe(`ExecutionHandle { call fail, ${node}, pending }`);
    await call.wait().catch(() => {});
    expect(inspect([call])).toBe(`[ ExecutionHandle { call fail, ${node}, error } ]`);
    expect(inspect(dag.literal('shown'))).toMatch(/^NodeHandle { literal, node [0-9a-f]{12}, ok }$/);
  });

  it('is refused by another dag [DML-BND-0404]', async () => {
    const other = project.repository.newDag('other');
    const foreign = other.literal(1);
    for (const use of [
      () => dag.literal(foreign),
      () => dag.call(steps.pair, [foreign]),
      () => dag.name('n', foreign),
    ]) {
      expect(use).toThrow(coded('foreign_handle'));
    }
  });
});

describe('Dag.name', () => {
  it('lists the node under the name in the committed dag [DML-BND-0409]', async () => {
    const own = project.repository.newDag('named');
    const data = own.literal('data');
    expect(own.name('the data', data)).toBe(data);
    const named = [data, own.literal('data'), own.literal('x')].map(({ name }) => name);
    expect(named).toEqual(['the data', 'the data', undefined]);
    const { dagId } = await own.commit(1);
    const objects = new RunObjects(project.repository.store);
    const { names } = objects.read('dag', dagId);
    expect([...treeEntries('names', names, objects)]).toEqual([['the data', data.nodeId]]);
  });

  it('refuses a name that another node has [DML-BND-0410]', () => {
    const first = dag.name('taken', dag.literal(1));
    expect(dag.name('taken', first)).toBe(first);
    expect(() => dag.name('taken', dag.literal(2))).toThrow(coded('name_taken'));
  });

  it('refuses the name root [DML-BND-0411]', () => {
    expect(() => dag.name('root', dag.literal(1))).toThrow(coded('reserved_name'));
    expect(() => dag.name('', dag.literal(1))).toThrow(coded('invalid_name'));
  });
});

describe('A large value', () => {
  it('is reported while it is stored [DML-EXE-1107]', async () => {
    const events: RunEvent[] = [];
    const own = project.repository.newDag('large', { onEvent: (event) => events.push(event) });
    const rows = Array.from({ length: 8_000 }, (_, id) => ({ id, at: [id] }));
    own.literal({ few: [1, 2], rows });
    expect(events).toMatchObject(
      [10_000, 20_000, 30_000].map((members) => ({ type: 'value-progress', members })),
    );
  });
});

describe('Dag.call of functions with an allowance', () => {
  it('is told of by the calls that allow nothing, whichever come first', async () => {
    const url = pathToFileURL(join(project.folder, 'steps.ts'));
    for (const order of [0, 1]) {
      const told: string[] = [];
      const own = project.repository.newDag('allowances', {
        onEvent: (event) => event.type === 'ambient-inputs' && told.push(event.functionName),
      });
      const allowed = functions<Steps>(url, { allow: ['randomness'] });
      const uses = [allowed.random, project.steps.random];
      const calls = (order === 0 ? uses : uses.reverse()).map((use, index) =>
        own.call(use, order * 2 + index),
      );
      expect(told).toEqual(['random']);
      await Promise.all(calls.map((call) => call.wait()));
      await own.close();
    }
  });
});

describe('Dag.import', () => {
  it('returns the names of the imported dag as a namespace of its own [DML-BND-0407]', async () => {
    const source = project.repository.newDag('source');
    source.name('sum', source.call(steps.add, 20, 3));
    await source.commit({ total: 23 });
    const importer = project.repository.newDag('importer');
    const { root, sum } = importer.import('source');
    expect([await root!.value(), await sum!.value(), sum!.kind]).toEqual([{ total: 23 }, 23, 'import']);
    expect([Object.keys(importer.import('source')).sort(), sum!.name]).toEqual([['root', 'sum'], undefined]);
    expect(await importer.call(steps.add, sum as NodeHandle<number>, 1).value()).toBe(24);
    expect(() => importer.import('nothing')).toThrow(
      /^unknown_name: \S+: nothing here is named "nothing": main has no dag "nothing"; there are: \S/,
    );
    expect(() => importer.import('source', 'no-branch')).toThrow('nothing here is named "no-branch"');
  });

  it('refuses a name that the imported dag does not have, and lists those it has [DML-BND-0417]', async () => {
    const source = project.repository.newDag('few names');
    source.name('sum', source.literal(1));
    await source.commit(2);
    const importer = project.repository.newDag('importer of few');
    const names = importer.import('few names');
    expect(() => names.product).toThrow(
      /^unknown_name: \S+: .*: few names names no node "product"; there are: root, sum$/,
    );
    expect(['product' in names, 'sum' in names, await names]).toEqual([false, true, names]);
  });

  it('describes a call by names, short literals and calls [DML-BND-1503]', async () => {
    const dag = project.repository.newDag('described');
    const data = dag.name('data', dag.call(steps.add, 1, 2));
    const unnamed = dag.call(steps.add, data, 3);
    const whole = dag.call(steps.add, unnamed, dag.literal(4));
    expect(dag.describeCall(data.nodeId)).toEqual({ text: 'add(1, 2)', inputs: ['1', '2'] });
    expect(dag.describeCall(unnamed.nodeId)).toEqual({ text: 'add(data, 3)', inputs: ['data', '3'] });
    expect(dag.describeCall(whole.nodeId).text).toBe('add(add(data, 3), 4)');
    const long = dag.literal('x'.repeat(100));
    const { text } = dag.describeCall(dag.call(steps.add, long as never, 1).nodeId);
    expect(text).toMatch(/^add\("x{39}… [0-9a-f]{12}, 1\)$/);
    await dag.close();
  });

  it('takes a pipeline in place of its name', async () => {
    const pipeline = definePipeline('by pipeline', () => ({ total: 3 }));
    await project.repository.run(pipeline);
    const importer = project.repository.newDag('importer of a pipeline');
    const { total } = await importer.import(pipeline).root.value();
    const sum: number = total;
    expect(sum).toBe(3);
    const nameless = definePipeline(() => 1);
    expect(() => importer.import(nameless)).toThrow(coded('unknown_name'));
  });

  it('takes the pins of the imported dag into the commit [DML-BND-0415]', async () => {
    const source = project.repository.newDag('pins of', { branch: 'elsewhere' });
    const inner = source.call(steps.random, 99);
    source.name('inner', inner);
    await source.commit(1);
    const importer = project.repository.newDag('with pins');
    const { inner: imported } = importer.import('pins of', 'elsewhere');
    const { commitId } = await importer.commit([imported]);
    expect(project.repository.getCommit(commitId).execMap.get(inner.nodeId)).toBe(inner.execId);
  });
});

describe('Dag.commit', () => {
  it('waits for the calls that root and names depend on [DML-BND-0601]', async () => {
    const own = project.repository.newDag('waits');
    const [root, named] = [own.call(steps.slow, 61), own.call(steps.slow, 62)];
    own.name('named', named);
    await own.commit(own.list.append([], root));
    expect([root.status, named.status]).toEqual(['ok', 'ok']);
  });

  it('refuses a dag in which such a call failed [DML-BND-0602]', async () => {
    const own = project.repository.newDag('fails');
    const failing = own.call(steps.fail, 'inside');
    const before = project.repository.head;
    await expect(own.commit([own.call(steps.pair, failing)])).rejects.toMatchObject({
      code: 'dag_failed',
      fields: { name: 'fail', failureCode: 'function_threw', message: 'Error: inside', failed: ['fail'] },
      message: expect.stringMatching(/^dag_failed: the call "fail" failed: function_threw: Error: inside$/),
    });
    expect(project.repository.head).toEqual(before);
  });

  it('puts the dag under its name and keeps the others [DML-BND-0603]', async () => {
    const before = project.repository.getCommit('main').dags;
    const { commitId, dagId } = await project.repository.newDag('added').commit('new');
    const after = project.repository.getCommit(commitId).dags;
    expect(after).toEqual(new Map([...before, ['added', dagId]]));
    const replaced = await project.repository.newDag('added').commit('newer');
    expect(project.repository.getCommit('main').dags.get('added')).toBe(replaced.dagId);
    expect(project.repository.getCommit('main').dags.size).toBe(after.size);
  });

  it('loses no dag of a head that moved meanwhile [DML-BND-0604]', async () => {
    const own = project.repository.newDag('slow one');
    const handle = own.call(steps.random, 604);
    const { dagId } = await project.repository.newDag('quick one').commit('meanwhile');
    const { commitId } = await own.commit(handle);
    const { dags, execMap } = project.repository.getCommit(commitId);
    expect(dags.get('quick one')).toBe(dagId);
    expect([dags.has('slow one'), execMap.get(handle.nodeId)]).toEqual([true, handle.execId]);
  });

  it('makes no commit of a dag that the head has already [DML-BND-0605]', async () => {
    const commit = async (): Promise<{ commitId: string; changed: boolean }> => {
      const own = project.repository.newDag('unchanged');
      const result = await own.commit([own.call(steps.random, 605), own.literal('x')]);
      await own.close();
      return result;
    };
    const first = await commit();
    const version = project.repository.store.stateVersion();
    expect(await commit()).toMatchObject({ commitId: first.commitId, changed: false });
    expect(project.repository.store.stateVersion()).toBe(version);
  });

  it('refuses new nodes afterwards [DML-BND-0606]', async () => {
    const own = project.repository.newDag('closed');
    const handle = own.literal(1);
    await own.commit(handle);
    for (const use of [
      () => own.literal(2),
      () => own.call(steps.add, 1, 1),
      () => own.list.get([1], 0),
      () => own.name('x', handle),
    ]) {
      expect(use).toThrow(coded('dag_closed'));
    }
    await expect(own.commit(handle)).rejects.toMatchObject({ code: 'dag_closed' });
    expect(await handle.value()).toBe(1);
  });
});

describe('Dag.file and Dag.blob', () => {
  const refusal = (capture: Promise<unknown>): Promise<string> => captureRefusal(project, capture);

  it.each([0, 700_000, 1_048_576, 2_200_000, 5_000_000, 40_000_000])(
    'store exactly the bytes of a file of %i bytes [DML-BND-0902]',
    async (sizeBytes) => {
      const bytes = randomBytes(sizeBytes);
      const path = project.write(`data/${sizeBytes}.bin`, bytes);
      const own = project.repository.newDag(`file ${sizeBytes}`, { branch: 'files' });
      await own.commit([await own.file(pathToFileURL(path)), await own.blob(createReadStream(path))]);
      const value = (await own.root.value()) as BlobHandle[];
      for (const stored of value) expect(bytes.equals(await stored.bytes())).toBe(true);
      expect(await project.findings()).toEqual([]);
    },
  );

  it('resolve a relative path from the folder of the module [DML-BND-0904]', async () => {
    project.write('data/relative.txt', 'relative');
    expect(await (await (await dag.file('data/relative.txt')).value()).text()).toBe('relative');
    const file = project.write(
      'elsewhere/pipeline.ts',
      `import { definePipeline } from '@daggerml/bindings';
       export const here = definePipeline((dag) => dag.file('../data/relative.txt'));`,
    );
    const run = await project.repository.run(await loadPipeline(file));
    expect(await ((await run.dag.root.value()) as { text(): Promise<string> }).text()).toBe('relative');
  });

  it('report a path that cannot be read [DML-BND-0905]', async () => {
    for (const take of ['file', 'directory', 'files'] as const)
      expect(await refusal(dag[take]('nowhere'))).toBe('nowhere: ENOENT');
  });

  it('refuse to read as a file what is none [DML-BND-0910]', async () => {
    project.write('special/a', '');
    execFileSync('mkfifo', [join(project.folder, 'special/pipe')]);
    expect(await refusal(dag.file('special/pipe'))).toBe('special/pipe: it is a named pipe, not a file');
    expect(await refusal(dag.file('special'))).toBe('special: it is a folder, not a file');
    expect(await refusal(dag.file('/dev/zero'))).toBe('/dev/zero: it is a device, not a file');
    expect(await refusal(dag.file('/proc/self/mem'))).toBe('/proc/self/mem: EIO');
  });

  it('refuse the files of a store, by which others see this process [DML-BND-0960]', async () => {
    const { store } = project.repository;
    store.transact('session', () => {});
    for (const name of ['data.mdb', 'lock.mdb']) {
      const refused = `.dml/store/${name}: it is a file of a store`;
      expect(await refusal(dag.file(join(store.path, name)))).toBe(refused);
    }
    for (const refused of [dag.directory(store.path), dag.files(store.path)])
      expect(await refusal(refused)).toMatch(/mdb: it is a file of a store$/);
    // By a link of another name, alone in a folder.
    project.write('linked/real', '');
    symlinkSync(join(store.path, 'lock.mdb'), join(project.folder, 'linked/other'));
    expect(await refusal(dag.file('linked/other'))).toMatch(/other: it is a file of a store$/);
    expect(await refusal(dag.files('linked'))).toMatch(/other: it is a file of a store$/);
    // By a hard link, which is the file itself under another name.
    for (const name of ['data.mdb', 'lock.mdb']) {
      project.write(`hard ${name}/real`, '');
      linkSync(join(store.path, name), join(project.folder, `hard ${name}/same`));
      for (const refused of [
        dag.file(`hard ${name}/same`),
        dag.files(`hard ${name}`),
        dag.directory(`hard ${name}`),
        (async () => dag.script({ command: 'true', files: [`hard ${name}`] }))(),
      ])
        expect(await refusal(refused)).toMatch(/same: it is a file of a store$/);
    }
    project.write('plain/data.mdb', 'of something else');
    project.write('plain/lock.mdb', 'of something else');
    expect(await refusal(dag.directory('plain'))).toBe('captured');
    const args = ['--input-type=module', '-e', ASK, store.path];
    const asked = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 600_000 });
    expect(asked.stdout, asked.stderr).toBe(`${process.pid} is seen`);
  });
});
