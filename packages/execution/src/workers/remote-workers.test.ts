import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitId, ExecutionKey, NodeId } from '@daggerml/object-model';
import {
  ExecRefs,
  type ExecSigner,
  execSigner,
  listClaims,
  type Remote,
  type RemoteFiles,
  remoteError,
  systemRemote,
} from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { execRef, runGc } from '@daggerml/store';
import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { AdapterReport, Submission } from '../adapters/port.ts';
import type { ExecutorOptions } from '../executor.ts';
import type { LonelyReport } from './lonely-jobs.ts';
import { remoteWorkers, runRemoteWorker } from './open-workers.ts';
import type { RemoteWorkerOptions } from './remote-worker.ts';
import type { RemoteWorkersOptions } from './remote-workers.ts';
import type { WorkerEvent } from './worker-events.ts';
import type { JobTimers } from './worker-job.ts';

const STEPS = `
import { appendFileSync, existsSync } from 'node:fs';
export const half = (n) => n / 2;
export const list = (n) => Array.from({ length: n }, (_, index) => \`entry \${index}\`);
export const fail = (n) => { throw new RangeError(\`no \${n}\`); };
export const nested = async (n) => (await half(n)) + 1;
export const counted = (file, n) => { appendFileSync(file, 'x'); return n; };
export const held = async (file, n) => {
  appendFileSync(file, 'x');
  while (!existsSync(file + '.go')) await new Promise((resolve) => setTimeout(resolve, 20));
  return n;
};
export const flaky = (file) => {
  appendFileSync(file, 'x');
  throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
};
`;

const parties: Workspace[] = [];
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  for (const workspace of parties.splice(0)) await workspace.close();
});

function remoteOf(memory: MemoryRemote, who = 'test', files: RemoteFiles = memory.open()): Remote {
  return systemRemote(files, who);
}

async function caller(
  memory: MemoryRemote,
  workers: Partial<RemoteWorkersOptions> & { readonly files?: RemoteFiles } = {},
  options: Partial<ExecutorOptions> = {},
): Promise<Workspace> {
  const { files, ...rest } = workers;
  const startAdapter = await remoteWorkers(remoteOf(memory, 'caller', files), {
    owner: 'caller',
    pollMs: 20,
    ...rest,
  });
  const workspace = await Workspace.create(STEPS, { startAdapter, ...options });
  parties.push(workspace);
  return workspace;
}

interface Started {
  readonly events: WorkerEvent[];
  readonly types: () => string[];
  /** Times that the worker has begun to look for jobs. */
  readonly looks: () => number;
  stop(): Promise<void>;
}

const machineTimers: JobTimers = {
  nowMs: () => performance.now(),
  setTimer: (act, afterMs) => {
    const timer = setTimeout(act, afterMs);
    return () => clearTimeout(timer);
  },
};

function startWorker(
  memory: MemoryRemote,
  options: Partial<RemoteWorkerOptions> = {},
  files: RemoteFiles = memory.open(),
): Started {
  const events: WorkerEvent[] = [];
  const ending = new AbortController();
  let looks = 0;
  const list: RemoteFiles['list'] = (prefix) => {
    if (prefix === 'exec/') looks += 1;
    return files.list(prefix);
  };
  const running = runRemoteWorker(
    remoteOf(memory, 'worker', { ...files, list }),
    { owner: 'worker', pollMs: 20, onEvent: (event) => events.push(event), ...options },
    ending.signal,
  );
  running.catch(() => {});
  const stop = async (): Promise<void> => {
    ending.abort();
    await running;
  };
  stops.push(stop);
  return { events, stop, types: () => events.map(({ type }) => type), looks: () => looks };
}

/** Resolves once something is so; what never comes ends with the time limit of the test. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function jobsOf(memory: MemoryRemote, kind = 'exec'): string[] {
  return memory.paths.flatMap((path) =>
    path.startsWith(`${kind}/`) ? [path.slice(kind.length + 1, -'.json'.length)] : [],
  );
}

function execRefsOf({ store }: Workspace): string[] {
  return store.readRefs().flatMap(({ name }) => (name.startsWith('refs/exec/') ? [name.slice(10)] : []));
}

function countIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
}

function newSigner(): ExecSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
}

describe('the workers of a remote', () => {
  it('run the calls of a Caller, who gets their results as commits [DML-EXE-1605] [DML-EXE-0884]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const run = workspace.begin();
    const half = run.call('half', [4]);
    await until(() => jobsOf(memory).length === 1);
    // 1 and 2: the snapshot is kept here and posted there.
    const [uuid = ''] = jobsOf(memory);
    expect(execRefsOf(workspace)).toEqual([uuid]);
    const snapshotId = workspace.store.getRef(execRef(uuid))?.commitId as CommitId;
    const refs = new ExecRefs(remoteOf(memory), { owner: 'test', host: workspace.store });
    expect((await refs.read('exec', uuid))?.commit).toBe(snapshotId);
    // 3 and 4: its result is a commit on it, also by what the worker says.
    const { types } = startWorker(memory, { maxJobs: 2 });
    await until(() => jobsOf(memory, 'results').length === 1);
    const resultId = (await refs.read('results', uuid))?.commit as CommitId;
    expect(await run.outcome(half)).toBe(2);
    const result = run.open.objects.read('commit', resultId);
    expect(result.parentCommitIds).toEqual([snapshotId]);
    // 5: the exec says what the commit does.
    const exec = run.exec(half);
    const startedMs = exec.startedMs ?? 0;
    const details = workspace.store.getRecord('datum', result.detailsDatumId as never);
    expect(JSON.stringify(details, (_, each) => (typeof each === 'bigint' ? Number(each) : each))).toContain(
      String(startedMs),
    );
    expect(exec).toMatchObject({ status: 'ok', nodeId: half.nodeId, sourceExecId: null });
    expect(exec.requestId).not.toBeNull();
    expect(workspace.dangling(half.execId as never)).toEqual([]);
    // 6: nothing is left of it on either side.
    await until(() => jobsOf(memory).length + jobsOf(memory, 'results').length === 0);
    await until(() => execRefsOf(workspace).length === 0);
    const list = run.call('list', [half]);
    const fail = run.call('fail', [list]);
    expect(await run.outcome(list)).toEqual(['entry 0', 'entry 1']);
    expect(await run.outcome(fail)).toMatchObject({
      code: 'function_threw',
      message: 'RangeError: no entry 0,entry 1',
    });
    await until(() => types().filter((type) => type === 'job-ended').length === 3);
    expect(run.counts).toEqual({ executed: 2, failed: 1 });
  });

  it('name a job with its inputs, and its function in the claim [DML-EXE-2823] [DML-REM-1936]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const { events } = startWorker(memory);
    const run = workspace.begin();
    expect(await run.outcome(run.call('half', [4]))).toBe(2);
    await until(() => events.some(({ type }) => type === 'job-ended'));
    for (const event of events)
      expect(event).toMatchObject({ job: { name: 'half', call: 'half(4)', owner: 'caller' } });
    const claims: unknown[] = [];
    for await (const { call, owner } of listClaims(remoteOf(memory))) claims.push([call, owner]);
    expect(claims).toEqual([['half', 'worker']]);
  });

  it('record a failure as a thread of the Caller would, and calls that functions make', async () => {
    const memory = new MemoryRemote();
    const [elsewhere, here] = [await caller(memory), await Workspace.create(STEPS)];
    parties.push(here);
    startWorker(memory);
    const failures = [];
    for (const workspace of [elsewhere, here]) {
      const run = workspace.begin();
      const fail = run.call('fail', [3]);
      await run.open.run.settled(fail);
      const dag = run.open.objects.read('dag', run.exec(fail).resultDagId);
      failures.push(dag.rootNodeId);
      const nested = run.call('nested', [4]);
      expect(await run.outcome(nested)).toBe(3);
    }
    expect(failures[0]).toBe(failures[1]);
  });

  it('see a job only once it is kept here and posted there [DML-EXE-1507]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const run = workspace.begin();
    const node = run.call('half', [4]);
    const seen: unknown[] = [];
    await until(() => workspace.eventTypes.includes('call-started'));
    const [uuid = ''] = jobsOf(memory);
    seen.push(workspace.store.getAttempt(uuid)?.nodeId, execRefsOf(workspace), run.staged.requests.length);
    expect(seen).toEqual([node.nodeId, [uuid], 1]);
  });

  it('keep snapshot and result from collections until the pin is durable [DML-EXE-1603]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const run = workspace.begin();
    const node = run.call('list', [500]);
    await until(() => jobsOf(memory).length === 1);
    const [uuid = ''] = jobsOf(memory);
    const snapshotId = workspace.store.getRef(execRef(uuid))?.commitId as CommitId;
    // Nothing is held for the session any more: refs alone keep what there is.
    const collect = async (): Promise<void> => {
      workspace.store.checkpoint();
      await runGc(workspace.store);
    };
    const loose = workspace.store.transact('loose', (transaction) =>
      transaction.put('chunk', Buffer.from('nobody needs this')),
    );
    await collect();
    expect([workspace.store.has('chunk', loose), workspace.store.has('commit', snapshotId)]).toEqual([
      false,
      true,
    ]);
    startWorker(memory);
    await until(() => workspace.store.getRef(execRef(uuid))?.commitId !== snapshotId);
    const resultId = workspace.store.getRef(execRef(uuid))?.commitId as CommitId;
    await collect();
    if (execRefsOf(workspace).length > 0) expect(workspace.store.has('commit', resultId)).toBe(true);
    expect(await run.outcome(node)).toHaveLength(500);
    expect(run.pinOf(node)).toBe(node.execId);
    expect(workspace.dangling(node.execId as never)).toEqual([]);
  });

  it('stop a job that is gone, unless another one has its key [DML-EXE-1510]', async () => {
    const memory = new MemoryRemote();
    const [one, two] = [await caller(memory), await caller(memory)];
    const file = join(one.folder, 'ran');
    const { types } = startWorker(memory, { maxJobs: 2 });
    const first = one.begin().call('held', [file, 1]);
    await until(() => countIn(file) === 1);
    // Alone, it is stopped.
    await one.executor.close();
    await until(() => types().includes('job-left'));
    expect([countIn(file), first.failure?.code]).toEqual([1, 'cancelled']);
    // With another one of its key it goes on, and answers that one.
    const other = join(two.folder, 'ran');
    await one.reopen({ startAdapter: await remoteWorkers(remoteOf(memory), { owner: 'one', pollMs: 20 }) });
    const again = one.begin({ workName: 'again' }).call('held', [other, 2]);
    await until(() => countIn(other) === 1);
    const run = two.begin();
    const same = run.call('held', [other, 2]);
    await until(() => jobsOf(memory).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await one.executor.close();
    expect(again.failure?.code).toBe('cancelled');
    await until(() => jobsOf(memory).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(`${other}.go`, '');
    expect(await run.outcome(same)).toBe(2);
    expect(countIn(other)).toBe(1);
  });

  it('run a key once for all Callers, and again for those who ask for it [DML-EXE-1512] [DML-EXE-1511]', async () => {
    const memory = new MemoryRemote();
    const callers = [await caller(memory), await caller(memory), await caller(memory)];
    const file = join((callers[0] as Workspace).folder, 'ran');
    for (let workers = 0; workers < 3; workers += 1) startWorker(memory, { maxJobs: 3 });
    const outcomes = callers.map(async (workspace) => {
      const run = workspace.begin();
      const calls = Array.from({ length: 8 }, (_, n) => run.call('counted', [file, n]));
      return await Promise.all(calls.map((call) => run.outcome(call)));
    });
    const values = Array.from({ length: 8 }, (_, n) => n);
    expect(await Promise.all(outcomes)).toEqual([values, values, values]);
    expect(countIn(file)).toBe(8);
    const again = callers.map(async (workspace) => {
      const run = workspace.begin({ workName: 'fresh' });
      return await run.outcome(run.call('counted', [file, 7], { cache: false }));
    });
    expect(await Promise.all(again)).toEqual([7, 7, 7]);
    expect(countIn(file)).toBe(11);
    // Nothing is left of jobs, not even a result that came twice.
    for (const workspace of callers) await workspace.executor.close();
    for (const stop of stops.splice(0)) await stop();
    expect([jobsOf(memory), jobsOf(memory, 'results')]).toEqual([[], []]);
  });

  it('are not believed where the policy does not trust them [DML-EXE-1530]', async () => {
    const memory = new MemoryRemote();
    const [signer, stranger] = [newSigner(), newSigner()];
    const untrusted: (string | undefined)[] = [];
    const trust = { keys: [signer.signer], unsigned: false };
    const workspace = await caller(memory, { trust, onUntrusted: (key) => untrusted.push(key) });
    const run = workspace.begin();
    const node = run.call('half', [4]);
    const bad = startWorker(memory, { signer: stranger });
    await until(() => untrusted.length > 0);
    await bad.stop();
    const unsigned = startWorker(memory);
    await until(() => untrusted.includes(undefined));
    await unsigned.stop();
    expect([node.status, untrusted[0]]).toEqual(['pending', stranger.signer]);
    startWorker(memory, { signer });
    expect(await run.outcome(node)).toBe(2);
  });

  it('run no job that their policy does not trust [DML-EXE-1536]', async () => {
    const memory = new MemoryRemote();
    const [signer, stranger] = [newSigner(), newSigner()];
    const [theirs, plain, ours] = [
      await caller(memory, { signer: stranger }),
      await caller(memory),
      await caller(memory, { signer }),
    ];
    const file = join(ours.folder, 'ran');
    const { events } = startWorker(memory, { trust: { keys: [signer.signer], unsigned: false } });
    const pending = [theirs, plain].map((workspace) => workspace.begin().call('counted', [file, 1]));
    await until(() => events.filter(({ type }) => type === 'job-untrusted').length === 2);
    const run = ours.begin();
    expect(await run.outcome(run.call('half', [4]))).toBe(2);
    expect(pending.map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect(countIn(file)).toBe(0);
    const signers = events.flatMap((event) => (event.type === 'job-untrusted' ? [event.signer] : []));
    expect(new Set(signers)).toEqual(new Set([stranger.signer, undefined]));
  });

  it('leave to others what they do not offer, and run no more than they may [DML-EXE-1535]', async () => {
    const memory = new MemoryRemote();
    const start = await remoteWorkers(remoteOf(memory), { owner: 'caller', pollMs: 20 });
    const workspace = await Workspace.create(STEPS, { pools: [{ name: 'team', offers: 'any', start }] });
    parties.push(workspace);
    const file = join(workspace.folder, 'ran');
    const run = workspace.begin();
    const plain = [1, 2, 3].map((n) => run.call('held', [file, n]));
    const needy = [4, 5, 6].map((n) => run.call('held', [`${file}.gpu`, n], { needs: { gpu: 1 } }));
    await until(() => jobsOf(memory).length === 6);
    startWorker(memory, { maxJobs: 2 });
    await until(() => countIn(file) === 2);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([countIn(file), countIn(`${file}.gpu`)]).toEqual([2, 0]);
    startWorker(memory, { maxJobs: 4, offers: { gpu: 2 } });
    await until(() => countIn(`${file}.gpu`) === 2 && countIn(file) === 3);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(countIn(`${file}.gpu`)).toBe(2);
    writeFileSync(`${file}.go`, '');
    writeFileSync(`${file}.gpu.go`, '');
    const values = await Promise.all([...plain, ...needy].map((node) => run.outcome(node)));
    expect(values).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keep room for a job that has waited for long, and none for what they cannot run [DML-EXE-2800] [DML-EXE-2802]', async () => {
    const memory = new MemoryRemote();
    const start = await remoteWorkers(remoteOf(memory), { owner: 'caller', pollMs: 20 });
    const workspace = await Workspace.create(STEPS, { pools: [{ name: 'team', offers: 'any', start }] });
    parties.push(workspace);
    const run = workspace.begin();
    const file = (name: string): string => join(workspace.folder, name);
    const held = (name: string, needs: Record<string, number>): ReturnType<typeof run.call> =>
      run.call('held', [file(name), 1], { needs });
    const end = (name: string): void => writeFileSync(`${file(name)}.go`, '');
    let nowMs = 0;
    const timers: JobTimers = { nowMs: () => nowMs, setTimer: machineTimers.setTimer };
    // More than anybody offers here: it waits from the beginning.
    const huge = held('huge', { gpu: 3 });
    const small = ['small 1', 'small 2'].map((name) => held(name, { gpu: 1 }));
    await until(() => jobsOf(memory).length === 3);
    const worker = startWorker(memory, { maxJobs: 4, offers: { gpu: 2 }, timers });
    await until(() => countIn(file('small 1')) + countIn(file('small 2')) === 2);
    const large = held('large', { gpu: 2 });
    const listed = worker.looks();
    await until(() => jobsOf(memory).length === 4 && worker.looks() > listed + 3);
    // It has been seen, and others still pass it.
    const third = held('small 3', { gpu: 1 });
    end('small 1');
    await until(() => countIn(file('small 3')) === 1);
    nowMs += 30_000;
    const fourth = held('small 4', { gpu: 1 });
    const plain = held('plain', {});
    end('small 2');
    await until(() => countIn(file('plain')) === 1 && jobsOf(memory).length === 5);
    const seen = worker.looks();
    await until(() => worker.looks() > seen + 3);
    expect([countIn(file('small 4')), countIn(file('large'))]).toEqual([0, 0]);
    end('small 3');
    await until(() => countIn(file('large')) === 1);
    expect(countIn(file('small 4'))).toBe(0);
    for (const name of ['large', 'small 4', 'plain']) end(name);
    const nodes = [...small, large, third, fourth, plain];
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual([1, 1, 1, 1, 1, 1]);
    expect([huge.status, countIn(file('huge'))]).toEqual(['pending', 0]);
  });

  it('keep no room for a job that another worker has [DML-EXE-2803]', async () => {
    const memory = new MemoryRemote();
    const start = await remoteWorkers(remoteOf(memory), { owner: 'caller', pollMs: 20 });
    const workspace = await Workspace.create(STEPS, { pools: [{ name: 'team', offers: 'any', start }] });
    parties.push(workspace);
    const run = workspace.begin();
    const file = (name: string): string => join(workspace.folder, name);
    const held = (name: string, needs: Record<string, number>): ReturnType<typeof run.call> =>
      run.call('held', [file(name), 1], { needs });
    let nowMs = 0;
    const timers: JobTimers = { nowMs: () => nowMs, setTimer: machineTimers.setTimer };
    held('first', { gpu: 1 });
    await until(() => jobsOf(memory).length === 1);
    const worker = startWorker(memory, { maxJobs: 4, offers: { gpu: 2 }, timers });
    await until(() => countIn(file('first')) === 1);
    held('large', { gpu: 2 });
    await until(() => jobsOf(memory).length === 2);
    const listed = worker.looks();
    await until(() => worker.looks() > listed + 2);
    startWorker(memory, { offers: { gpu: 2 } });
    await until(() => countIn(file('large')) === 1);
    nowMs += 30_000;
    held('second', { gpu: 1 });
    await until(() => countIn(file('second')) === 1);
    expect(worker.types()).toEqual(['job-started', 'job-started']);
    for (const name of ['first', 'second', 'large']) writeFileSync(`${file(name)}.go`, '');
  });

  it('find what could begin behind what waits for room [DML-EXE-2804]', async () => {
    const memory = new MemoryRemote();
    const start = await remoteWorkers(remoteOf(memory), { owner: 'caller', pollMs: 20 });
    const workspace = await Workspace.create(STEPS, { pools: [{ name: 'team', offers: 'any', start }] });
    parties.push(workspace);
    const run = workspace.begin();
    const file = join(workspace.folder, 'ran');
    const plain = run.call('counted', [`${file}.plain`, 1]);
    await until(() => jobsOf(memory).length === 1);
    const [plainUuid = ''] = jobsOf(memory);
    for (let n = 0; n < 80; n += 1) run.call('held', [file, n], { needs: { gpu: 1 } });
    await until(() => jobsOf(memory).length === 81);
    // It is listed behind all others that are read first.
    const files = memory.open();
    let isHidden = true;
    const list: RemoteFiles['list'] = async function* (prefix) {
      for await (const each of files.list(prefix))
        if (!isHidden || !each.path.includes(plainUuid)) yield each;
    };
    const read = new Set<string>();
    const readVersion: RemoteFiles['readVersion'] = async (path, known) => {
      if (path.startsWith('exec/')) read.add(path);
      return await files.readVersion(path, known);
    };
    startWorker(memory, { maxJobs: 2, offers: { gpu: 1 } }, { ...files, list, readVersion });
    await until(() => read.size === 80);
    isHidden = false;
    expect(await run.outcome(plain)).toBe(1);
    expect(countIn(file)).toBe(1);
    writeFileSync(`${file}.go`, '');
  });

  it('run nothing that its Caller has taken back since it was listed', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const file = join(workspace.folder, 'ran');
    workspace.begin().call('counted', [file, 1]);
    await until(() => jobsOf(memory).length === 1);
    const files = memory.open();
    let looks = 0;
    const stale: RemoteFiles = {
      ...files,
      readVersion: async (path, known) => {
        if (!path.startsWith('exec/')) return await files.readVersion(path, known);
        looks += 1;
        return looks === 1 ? await files.readVersion(path, known) : undefined;
      },
    };
    const ending = new AbortController();
    const options = { owner: 'worker', pollMs: 20 };
    const running = runRemoteWorker(remoteOf(memory, 'worker', stale), options, ending.signal);
    await until(() => looks > 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    ending.abort();
    await running;
    expect([countIn(file), jobsOf(memory, 'results')]).toEqual([0, []]);
  });

  it('make the attempts after a throw, and no others [DML-EXE-1534]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    startWorker(memory);
    const run = workspace.begin();
    const file = join(workspace.folder, 'ran');
    const retried = run.call('flaky', [file], { retries: 2, retryOn: ['ECONNRESET'] });
    expect(await run.outcome(retried)).toMatchObject({ code: 'function_threw' });
    expect(countIn(file)).toBe(3);
    const other = `${file}.other`;
    const plain = run.call('flaky', [other], { retries: 2 });
    expect(await run.outcome(plain)).toMatchObject({ code: 'function_threw' });
    expect(countIn(other)).toBe(1);
  });
});

describe('a Caller of the workers of a remote', () => {
  it('is told why a job has no result [DML-EXE-1531]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const refs = new ExecRefs(remoteOf(memory), { owner: 'test', host: workspace.store });
    const source = { getBytes: () => undefined };
    const refuse = async (code: string): Promise<void> => {
      await until(() => jobsOf(memory).some((uuid) => !jobsOf(memory, 'results').includes(uuid)));
      for (const executionUuid of jobsOf(memory)) {
        const key = 'ab'.repeat(32) as ExecutionKey;
        await refs.answer(
          { executionUuid, key },
          { problem: { code, reason: `because of ${code}` } },
          source,
        );
      }
    };
    const run = workspace.begin();
    const ended = run.call('half', [2]);
    await refuse('program_missing');
    expect(await run.outcome(ended)).toMatchObject({
      code: 'program_missing',
      message: expect.stringContaining('because of program_missing'),
    });
    // One that may do better is attempted again, as another job.
    const again = run.call('half', [4], { retries: 1 });
    await until(() => jobsOf(memory).length === 1);
    const [first] = jobsOf(memory);
    await refuse('worker_lost');
    await until(() => jobsOf(memory).some((uuid) => uuid !== first));
    startWorker(memory);
    expect(await run.outcome(again)).toBe(2);
    await until(() => jobsOf(memory).length === 0 && jobsOf(memory, 'results').length === 0);
  });

  it('posts no job for code that needs packages of this machine [DML-EXE-1532]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const { open } = workspace.begin();
    const reports: AdapterReport[] = [];
    const start = await remoteWorkers(remoteOf(memory), { owner: 'caller' });
    const adapter = start({ objects: open.objects, report: (some) => reports.push(...some) });
    const submission: Submission = {
      nodeId: 'ab'.repeat(32) as NodeId,
      functionUri: '',
      inputDatumIds: [],
      executionKey: 'cd'.repeat(32) as ExecutionKey,
      attempt: 1,
      timeoutMs: undefined,
      executionUuid: '11111111-2222-4333-8444-555555555555',
      natives: [{ name: 'sharp', version: '1.0.0', sha256: '' } as never],
    };
    adapter.submit([submission]);
    await until(() => reports.length > 0);
    expect(reports).toMatchObject([
      {
        type: 'answered',
        answer: {
          type: 'failed',
          code: 'adapter_refused',
          isRetryable: false,
          reason: expect.stringContaining('sharp'),
        },
      },
    ]);
    await adapter.close();
    expect(jobsOf(memory)).toEqual([]);
  });

  it('waits for a remote that cannot be reached for a while [DML-EXE-1533]', async () => {
    const memory = new MemoryRemote();
    let isAway = true;
    const files = memory.open();
    const away = <Act extends (...args: never[]) => Promise<unknown>>(act: Act): Act =>
      (async (...args: never[]) => {
        if (isAway) throw remoteError('remote_unreachable', { remote: 'memory', operation: 'reach' });
        return await act(...args);
      }) as Act;
    let nowMs = 1_000_000;
    const list: RemoteFiles['list'] = async function* (prefix) {
      if (isAway) throw remoteError('remote_unreachable', { remote: 'memory', operation: 'list' });
      yield* files.list(prefix);
    };
    const unsteady: RemoteFiles = {
      ...files,
      put: away(files.put),
      read: away(files.read),
      readVersion: away(files.readVersion),
      swap: away(files.swap),
      remove: away(files.remove),
      list,
    };
    const remote = { ...remoteOf(memory, 'caller', unsteady), limitMs: 0 };
    const clock = { ...remote.clock, now: () => nowMs };
    const startAdapter = await remoteWorkers(
      { ...remote, clock },
      { owner: 'caller', pollMs: 20, pauseMs: 20 },
    );
    const workspace = await Workspace.create(STEPS, { startAdapter });
    parties.push(workspace);
    startWorker(memory);
    const run = workspace.begin();
    const posted = run.call('half', [4]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    nowMs += 599_000;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(posted.status).toBe('pending');
    isAway = false;
    expect(await run.outcome(posted)).toBe(2);
    expect(workspace.eventTypes).not.toContain('call-retried');
    // After that time it counts as what it is.
    isAway = true;
    const lost = run.call('half', [8], { retries: 0 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    nowMs += 600_000;
    expect(await run.outcome(lost)).toMatchObject({ code: 'unreachable' });
    isAway = false;
  });

  it('posts a job anew whose files a collection has removed, on either way', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const refs = new ExecRefs(remoteOf(memory), { owner: 'test', host: workspace.store });
    const removeFiles = async (kind: 'exec' | 'results', uuid: string): Promise<void> => {
      const ref = await refs.read(kind, uuid);
      for (const { segments } of ref?.groups ?? [])
        for (const { file } of segments) memory.plant(`segments/${file}.car`, undefined);
    };
    const run = workspace.begin();
    const file = join(workspace.folder, 'ran');
    const node = run.call('counted', [file, 5], { retries: 4 });
    await until(() => jobsOf(memory).length === 1);
    const [first = ''] = jobsOf(memory);
    await removeFiles('exec', first);
    const worker = startWorker(memory);
    await until(() => jobsOf(memory).some((uuid) => uuid !== first));
    expect(await run.outcome(node)).toBe(5);
    await worker.stop();
    const other = run.call('counted', [file, 6], { retries: 4 });
    await until(() => jobsOf(memory).length === 1);
    const [second = ''] = jobsOf(memory);
    // The result is removed before its Caller takes it.
    const watching = startWorker(memory);
    await until(() => jobsOf(memory, 'results').includes(second) || other.status !== 'pending');
    await removeFiles('results', second);
    expect(await run.outcome(other)).toBe(6);
    await watching.stop();
    expect(countIn(file)).toBe(2);
  });

  it('is told once that no worker takes its jobs, and what workers offer [DML-EXE-1538] [DML-EXE-2805]', async () => {
    const memory = new MemoryRemote();
    let nowMs = 1_000_000;
    const reports: LonelyReport[] = [];
    const remote = remoteOf(memory, 'caller');
    const startAdapter = await remoteWorkers(
      { ...remote, clock: { ...remote.clock, now: () => nowMs } },
      { owner: 'caller', pollMs: 10, onNobody: (report) => reports.push(report) },
    );
    const workspace = await Workspace.create(STEPS, { startAdapter });
    parties.push(workspace);
    const run = workspace.begin();
    const file = join(workspace.folder, 'ran');
    const node = run.call('held', [file, 1]);
    await until(() => jobsOf(memory).length === 1);
    const pass = async (ms: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      nowMs += ms;
      await new Promise((resolve) => setTimeout(resolve, 150));
    };
    await pass(14_000);
    expect(reports).toEqual([]);
    // One that is claimed is waited for, however long it takes.
    startWorker(memory, { offers: { gpu: 2 } });
    await until(() => countIn(file) === 1);
    await pass(60_000);
    await pass(60_000);
    expect(reports).toEqual([]);
    const other = run.call('held', [file, 2]);
    writeFileSync(`${file}.go`, '');
    expect(await run.outcome(node)).toBe(1);
    expect(await run.outcome(other)).toBe(2);
    for (const stop of stops.splice(0)) await stop();
    const lonely = run.call('half', [2]);
    await until(() => jobsOf(memory).length === 1);
    await pass(15_000);
    await until(() => reports.length === 1);
    await pass(60_000);
    // The worker that was there offers two.
    expect([reports, lonely.status]).toEqual([[{ needs: {}, offers: [{ gpu: 2 }] }], 'pending']);
  });

  it('is refused a job whose key is that of another call [DML-EXE-1537]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const run = workspace.begin();
    const node = run.call('half', [4]);
    await until(() => jobsOf(memory).length === 1);
    const [uuid = ''] = jobsOf(memory);
    const refs = new ExecRefs(remoteOf(memory), { owner: 'test', host: workspace.store });
    const ref = await refs.read('exec', uuid);
    await refs.remove([uuid]);
    const key = 'ab'.repeat(32) as ExecutionKey;
    const job = { executionUuid: uuid, commitId: ref?.commit as CommitId, key, needs: {} };
    await refs.post([job], { getBytes: (objectClass, id) => workspace.store.get(objectClass, id as never) });
    startWorker(memory);
    expect(await run.outcome(node)).toMatchObject({ code: 'snapshot_invalid' });
  });

  it('deletes what an earlier run has left on both sides [DML-EXE-1606]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const first = workspace.begin();
    first.call('half', [4]);
    await until(() => jobsOf(memory).length === 1);
    const [uuid = ''] = jobsOf(memory);
    // Its process ended once the outcome was kept: nobody waits for the job any more.
    workspace.store.transact('over', (transaction) => transaction.deleteAttempt(uuid));
    const other = await remoteWorkers(remoteOf(memory), { owner: 'caller', pollMs: 20 });
    const { open } = workspace.begin({ workName: 'next' });
    const adapter = other({ objects: open.objects, report: () => {} });
    await adapter.close();
    expect([jobsOf(memory), execRefsOf(workspace)]).toEqual([[], []]);
  });
});
