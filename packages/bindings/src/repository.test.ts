import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPipeline } from '@daggerml/capture';
import { RunObjects } from '@daggerml/execution';
import { dagNodes, findRepositoryFolder } from '@daggerml/repository';
import { headRef } from '@daggerml/store';
import { type BlobHandle, blob } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { coded, Project } from '../test/project.ts';
import { definePipeline } from './pipeline.ts';
import { Repository } from './repository.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-repository-'));
let project: Project;
beforeAll(async () => {
  project = await Project.create();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('Repository.init', () => {
  it('creates a repository in a folder that has none [DML-BND-0301]', async () => {
    const repository = await Repository.init(join(root, 'new/folder'));
    expect(repository.head).toEqual({ name: 'main', commitId: undefined });
    await repository.close();
    expect(readFileSync(join(root, 'new/folder/.dml/.gitignore'), 'utf8')).toBe('*\n');
    const again = await Repository.open(join(root, 'new/folder'));
    expect(again.heads()).toEqual([]);
    await again.close();
  });

  it('refuses a folder that has a repository [DML-BND-0302]', async () => {
    await expect(Repository.init(project.folder)).rejects.toMatchObject({ code: 'repository_exists' });
    expect(project.repository.head.name).toBe('main');
  });

  it('reports a folder that cannot be made [DML-BND-0316]', async () => {
    writeFileSync(join(root, 'a file'), '');
    for (const folder of [join(root, 'a file/below'), '/proc/no-such-process/x', '/proc/x']) {
      const message = new RegExp(`^unwritable_folder: "${folder}" cannot be written \\(E`);
      await expect(Repository.init(folder)).rejects.toThrow(message);
    }
  });
});

describe('Repository.open', () => {
  it('finds the repository in the folder or its nearest parent [DML-BND-0303]', async () => {
    const inner = join(project.folder, 'inner');
    mkdirSync(join(inner, 'deep'), { recursive: true });
    for (const folder of [project.folder, join(inner, 'deep')]) {
      const repository = await Repository.open(folder, { readOnly: true });
      expect(repository.folder).toBe(project.folder);
      await repository.close();
    }
    await (await Repository.init(inner)).close();
    const nearest = await Repository.open(join(inner, 'deep'));
    expect(nearest.folder).toBe(inner);
    await nearest.close();
  });

  it('reports that there is no repository [DML-BND-0304]', async () => {
    const folder = join(root, 'empty');
    mkdirSync(folder);
    const none = { code: 'not_a_repository', fields: { folder } };
    await expect(Repository.open(folder)).rejects.toMatchObject(none);
    // Only when no folder above is one either.
    expect(findRepositoryFolder(join(project.folder, 'far/below'))).toBe(project.folder);
  });

  it('says that a store has lost its data file [DML-BND-0320]', async () => {
    const folder = join(root, 'lost');
    await (await Repository.init(folder)).close();
    rmSync(join(folder, '.dml/store/data.mdb'));
    const lost = { code: 'store_damaged', detail: 'data_file_missing' };
    await expect(Repository.open(join(folder, 'below'))).rejects.toMatchObject(lost);
    await expect(Repository.open(folder, { readOnly: true })).rejects.toMatchObject(lost);
    await expect(Repository.init(folder)).rejects.toMatchObject(lost);
  });
});

describe('Repository.backup', () => {
  it('makes a repository that holds the same, and brings it up to date [DML-BND-0380]', async () => {
    const source = await Repository.init(join(root, 'to back up'));
    const first = await source.newDag('numbers').commit([1, 2, 3]);
    const folder = join(root, 'backup');
    const phases = new Set<string>();
    const report = await source.backup(folder, { onProgress: ({ phase }) => void phases.add(phase) });
    expect(report).toMatchObject({ isNew: true, refs: 1 });
    expect([...phases]).toEqual(['mark', 'copy', 'check']);
    const headOf = async (): Promise<unknown> => {
      const backup = await Repository.open(folder, { readOnly: true });
      const head = backup.head;
      await backup.close();
      return head;
    };
    expect(await headOf()).toEqual({ name: 'main', commitId: first.commitId });
    const second = await source.newDag('more').commit('more');
    const signal = AbortSignal.abort(new Error('stopped by the test'));
    await expect(source.backup(folder, { signal })).rejects.toThrow('stopped by the test');
    expect(await headOf()).toEqual({ name: 'main', commitId: first.commitId });
    expect(await source.backup(folder)).toMatchObject({ isNew: false });
    expect(await headOf()).toEqual({ name: 'main', commitId: second.commitId });
    await source.close();
  });

  it('takes no folder that holds something else, or is a part of the repository [DML-BND-0383] [DML-BND-0384]', async () => {
    const source = await Repository.init(join(root, 'has no other room'));
    await source.newDag('numbers').commit([1, 2, 3]);
    const file = join(root, 'a file');
    writeFileSync(file, 'mine');
    const folder = join(root, 'a folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const refused = (detail: string): object => ({ code: 'backup_refused', detail });
    for (const path of [file, folder])
      await expect(source.backup(path), path).rejects.toMatchObject(refused('occupied'));
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['mine', ['notes.txt']]);
    const mark = join(source.folder, '.dml');
    const entries = readdirSync(mark);
    for (const path of [source.folder, mark, join(mark, 'backup'), join(mark, 'deeper', 'backup')])
      await expect(source.backup(path), path).rejects.toMatchObject(refused('inside_source'));
    expect(readdirSync(mark)).toEqual(entries);
    // One that was cut off, and one that somebody keeps notes in, go on.
    const begun = join(root, 'begun');
    const stop = new AbortController();
    const onProgress = ({ phase }: { phase: string }): void => void (phase === 'check' && stop.abort());
    await expect(source.backup(begun, { onProgress, signal: stop.signal })).rejects.toThrow();
    writeFileSync(join(begun, 'notes.txt'), 'mine');
    expect(await source.backup(begun)).toMatchObject({ isNew: true });
    expect(await source.backup(begun)).toMatchObject({ isNew: false });
    await source.close();
  });
});

describe('Repository', () => {
  it('names the current branch and its commit [DML-BND-0305]', async () => {
    const { commitId } = await project.repository.newDag('first').commit(1);
    expect(project.repository.head).toEqual({ name: 'main', commitId });
    project.repository.store.setHead(headRef('other'));
    expect(project.repository.head).toEqual({ name: 'other', commitId: undefined });
    project.repository.store.setHead(headRef('main'));
  });

  it('lists the heads in the order of their names [DML-BND-0306]', async () => {
    const ids = new Map<string, string>();
    for (const branch of ['zeta', 'alpha', 'ma', 'main']) {
      const { commitId } = await project.repository.newDag('on a branch', { branch }).commit(branch);
      ids.set(branch, commitId);
    }
    const heads = project.repository.heads();
    expect(heads.map(({ name }) => name)).toEqual(['alpha', 'ma', 'main', 'zeta']);
    for (const { name, commitId } of heads) expect(commitId).toBe(ids.get(name));
  });

  it('begins no dag on a branch that could not be made [DML-BND-0350]', async () => {
    const refused = expect.objectContaining({ code: 'ref_name_invalid', detail: 'two_dots' });
    expect(() => project.repository.newDag('early', { branch: 'a..b' })).toThrow(refused);
    const build = vi.fn(async () => 1);
    const run = project.repository.run(definePipeline('early', build), { branch: 'a..b' });
    await expect(run).rejects.toEqual(refused);
    expect(build).not.toHaveBeenCalled();
    expect(project.repository.heads().map(({ name }) => name)).not.toContain('a..b');
  });

  it('reports a prefix that fits several objects with the candidates [DML-BND-0308]', async () => {
    const dag = project.repository.newDag('many');
    await dag.commit(Array.from({ length: 3000 }, (_, index) => dag.literal(index)));
    const prefixes = Array.from({ length: 65_536 }, (_, index) => index.toString(16).padStart(4, '0'));
    const { store } = project.repository;
    const ambiguous = prefixes.find((prefix) => store.resolvePrefix(prefix).state === 'ambiguous')!;
    let error: { code?: string; fields?: { candidates: string[] } } = {};
    try {
      project.repository.getCommit(ambiguous);
    } catch (thrown) {
      error = thrown as typeof error;
    }
    expect(error.code).toBe('ambiguous_prefix');
    const candidates = error.fields?.candidates ?? [];
    expect(candidates.length).toBeGreaterThan(1);
    for (const candidate of candidates) expect(candidate.startsWith(ambiguous)).toBe(true);
  });

  it('reports text that names nothing [DML-BND-0309]', () => {
    for (const name of ['nothing', 'f'.repeat(64), 'heads'])
      expect(() => project.repository.getCommit(name)).toThrow(coded('unknown_name'));
  });

  it('finds the object that a name stands for [DML-BND-1501]', async () => {
    const dag = project.repository.newDag('found by name');
    dag.name('part', dag.literal({ list: [1, 'two'] }));
    const { dagId, commitId } = await dag.commit('whole');
    const { repository } = project;
    expect(repository.find('found by name')).toMatchObject({ class: 'dag', objectId: dagId });
    expect(repository.find(commitId.slice(0, 12))).toMatchObject({ class: 'commit', objectId: commitId });
    expect(repository.find('found by name#part')).toMatchObject({ class: 'node' });
    expect(() => repository.find('found by nobody')).toThrow(coded('unknown_name'));
  });

  it('reads the value that a name stands for [DML-BND-1502]', async () => {
    const dag = project.repository.newDag('read by name');
    dag.name('part', dag.literal({ list: [1, 'two'], file: blob('content') }));
    await dag.commit(new Set([3]));
    const { repository } = project;
    expect(await repository.read('read by name')).toEqual(new Set([3]));
    expect(await repository.read('main:read by name#part.list')).toEqual([1, 'two']);
    expect(await repository.read('read by name#part.list[1]')).toBe('two');
    const file = (await repository.read('read by name#part.file')) as BlobHandle;
    expect(await file.text()).toBe('content');
    await expect(repository.read('read by nobody')).rejects.toMatchObject({ code: 'unknown_name' });
  });

  it('shows a commit with its tree, parents and pins [DML-BND-0607]', async () => {
    const dag = project.repository.newDag('shown');
    const sum = dag.call(project.steps.add, 1, 2);
    const items = dag.list.append([1], sum);
    const { commitId } = await dag.commit(items);
    const commit = project.repository.getCommit(commitId);
    expect(commit.parentCommitIds.length).toBe(1);
    expect(commit.execMap.get(sum.nodeId)).toBe(sum.execId);
    expect(commit.execMap.has(items.nodeId)).toBe(true);
    const objects = new RunObjects(project.repository.store);
    const computed = [...commit.dags.values()]
      .flatMap((dagId) => [...dagNodes(dagId, objects)])
      .filter((nodeId) => ['call', 'builtin'].includes(objects.read('node', nodeId).kind));
    expect([...commit.execMap.keys()].sort()).toEqual([...new Set(computed)].sort());
  });
});

describe('the environment of functions', () => {
  it('holds what the option env says and nothing else [DML-BND-0318]', async () => {
    const own = await Project.create({ env: { DML_TEST_TOKEN: 'first' } });
    const dag = own.repository.newDag('with variables');
    expect(process.env.PATH).toBeDefined();
    expect(await dag.call(own.steps.environment).value()).toEqual({ DML_TEST_TOKEN: 'first' });
    await dag.close();
  });

  it('is no part of what makes a call the same [DML-BND-0319]', async () => {
    const own = await Project.create({ env: { DML_TEST_TOKEN: 'first' } });
    const pipeline = definePipeline('environment', (dag) => dag.call(own.steps.environment));
    const first = await own.repository.run(pipeline);
    await own.reopen({ env: { DML_TEST_TOKEN: 'second' } });
    const second = await own.repository.run(pipeline);
    expect([first.counts.executed, second.counts.cached, second.changed]).toEqual([1, 1, false]);
    expect(await second.root.value()).toEqual({ DML_TEST_TOKEN: 'first' });
  });
});

describe('a function that crashes its process', () => {
  it('ends its own call alone with the option isolate [DML-BND-0965]', async () => {
    const own = await Project.create({ isolate: true });
    const dag = own.repository.newDag('with a crash');
    const [crash, sum] = [dag.call(own.steps.crash), dag.call(own.steps.add, 1, 2)];
    await expect(crash.value()).rejects.toMatchObject({ code: 'worker_lost' });
    expect(await sum.value()).toBe(3);
    await dag.close();
  });
});

describe('Repository.run', () => {
  it('reports a build that throws an error of its own with the cause [DML-BND-1205]', async () => {
    const cause = new TypeError('my mistake');
    const pipeline = definePipeline('throws', () => {
      throw cause;
    });
    await expect(project.repository.run(pipeline)).rejects.toMatchObject({
      code: 'pipeline_threw',
      fields: { reason: 'my mistake' },
      cause,
    });
    const file = project.write('throws.ts', `throw new Error('while loading');`);
    await expect(loadPipeline(file)).rejects.toMatchObject({
      code: 'pipeline_threw',
      cause: { message: 'while loading' },
    });
  });

  it('leaves the heads as they were when a run does not succeed [DML-BND-1207]', async () => {
    const before = project.repository.heads();
    const { steps } = project;
    const pipelines = [
      definePipeline('unhappy', (dag) => [dag.call(steps.random, 1), dag.call(steps.fail, 'no')]),
      definePipeline('unhappy', (dag) => {
        dag.call(steps.random, 2);
        throw new Error('in between');
      }),
      definePipeline('unhappy', () => undefined as unknown),
    ];
    for (const pipeline of pipelines) await expect(project.repository.run(pipeline)).rejects.toThrow();
    const controller = new AbortController();
    const cancelled = project.repository.run(
      definePipeline('unhappy', (dag) => dag.call(steps.slow, 60_000)),
      { signal: controller.signal, onEvent: (event) => event.type === 'call-started' && controller.abort() },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(project.repository.heads()).toEqual(before);
  });

  it('keeps the calls that completed in a run that did not succeed [DML-BND-1208]', async () => {
    const { steps } = project;
    const failing = definePipeline('kept', async (dag) => {
      const value = await dag.call(steps.random, 7).value();
      return [value, dag.call(steps.fail, `after ${value}`)];
    });
    await expect(project.repository.run(failing)).rejects.toMatchObject({ code: 'dag_failed' });
    expect(project.repository.store.readRefs('index').length).toBeGreaterThan(0);
    const mended = definePipeline('kept', (dag) => dag.call(steps.random, 7));
    expect((await project.repository.run(mended)).counts).toMatchObject({ executed: 0, cached: 1 });
  });

  it('ends with failFast for the first failure, whatever the pipeline makes of it [DML-BND-1740]', async () => {
    const { steps } = project;
    const stopped = definePipeline('stopped', async (dag) => {
      dag.call(steps.fail, 'the first');
      return await dag
        .call(steps.slow, 600_000)
        .value()
        .catch(() => {
          throw new Error('something else');
        });
    });
    const run = project.repository.run(stopped, { failFast: true });
    await expect(run).rejects.toMatchObject({
      code: 'dag_failed',
      fields: { name: 'fail', failureCode: 'function_threw', failed: ['fail'] },
    });
    const unheeded = definePipeline('unheeded', (dag) => {
      dag.call(steps.fail, 'the second');
      return 1;
    });
    await expect(project.repository.run(unheeded, { failFast: true })).rejects.toMatchObject({
      code: 'dag_failed',
      message: expect.stringContaining('the second'),
    });
    expect((await project.repository.run(unheeded)).counts).toMatchObject({ failed: 1 });
  });

  it('shares the resources of a run, or of pools, among its calls [DML-BND-1748]', async () => {
    const { steps } = project;
    const needing = (needs: Record<string, number>, seed: number) =>
      definePipeline('needing', (dag) => dag.call(steps.random.with({ needs }), seed));
    const unmet = project.repository.run(needing({ gpu: 2 }, 101), { resources: { gpu: 1 } });
    await expect(unmet).rejects.toMatchObject({
      code: 'dag_failed',
      fields: { failureCode: 'needs_unmet', message: 'it needs gpu=2; the run offers gpu=1' },
    });
    const met = await project.repository.run(needing({ gpu: 2 }, 101), { resources: { gpu: 2 } });
    expect(met.counts).toMatchObject({ executed: 1 });
    await project.reopen({
      pools: [{ name: 'cpu' }, { name: 'accelerated', offers: { gpu: 1 }, workers: 1 }],
    });
    const pooled = await project.repository.run(needing({ gpu: 1 }, 102));
    expect(pooled.counts).toMatchObject({ executed: 1 });
    const other = project.repository.run(needing({ gpu: 2 }, 103));
    await expect(other).rejects.toThrow('it needs gpu=2; cpu offers nothing; accelerated offers gpu=1');
    await project.reopen();
  });

  it('refuses a name that is no dag name [DML-BND-1201]', () => {
    for (const name of ['', '..', 'a\u0000b', 'x'.repeat(256), 'e\u0301']) {
      expect(() => definePipeline(name, () => 1)).toThrow(coded('invalid_name'));
    }
    expect(definePipeline('fine name', () => 1).name).toBe('fine name');
  });
});
