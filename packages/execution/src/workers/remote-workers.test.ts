import { type Remote, systemRemote } from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { execRef } from '@daggerml/store';
import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { ExecutorOptions } from '../executor.ts';
import { remoteWorkers, runRemoteWorker } from './open-workers.ts';
import type { RemoteWorkerOptions } from './remote-worker.ts';
import type { WorkerEvent } from './worker-events.ts';

const STEPS = `
export const half = (n) => n / 2;
export const list = (n) => Array.from({ length: n }, (_, index) => \`entry \${index}\`);
export const fail = (n) => { throw new RangeError(\`no \${n}\`); };
`;

const parties: Workspace[] = [];
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  for (const workspace of parties.splice(0)) await workspace.close();
});

function remoteOf(memory: MemoryRemote, who = 'test'): Remote {
  return systemRemote(memory.open(), who);
}

async function caller(memory: MemoryRemote, options: Partial<ExecutorOptions> = {}): Promise<Workspace> {
  const startAdapter = await remoteWorkers(remoteOf(memory, 'caller'), { owner: 'caller', pollMs: 20 });
  const workspace = await Workspace.create(STEPS, {
    startAdapter,
    pollPauses: { baseMs: 5, maxMs: 50 },
    ...options,
  });
  parties.push(workspace);
  return workspace;
}

function startWorker(memory: MemoryRemote, options: Partial<RemoteWorkerOptions> = {}): WorkerEvent[] {
  const events: WorkerEvent[] = [];
  const ending = new AbortController();
  const running = runRemoteWorker(
    remoteOf(memory, 'worker'),
    { owner: 'worker', pollMs: 20, onEvent: (event) => events.push(event), ...options },
    ending.signal,
  );
  running.catch(() => {});
  stops.push(async () => {
    ending.abort();
    await running;
  });
  return events;
}

describe('the workers of a remote', () => {
  it('run the calls of a Caller, who gets their results as commits [DML-EXE-1605]', async () => {
    const memory = new MemoryRemote();
    const workspace = await caller(memory);
    const events = startWorker(memory, { maxJobs: 2 });
    const run = workspace.begin();
    const half = run.call('half', [4]);
    const list = run.call('list', [half]);
    const fail = run.call('fail', [list]);
    expect(await run.outcome(half)).toBe(2);
    expect(await run.outcome(list)).toEqual(['entry 0', 'entry 1']);
    expect(await run.outcome(fail)).toMatchObject({ code: 'function_threw', message: 'no entry 0,entry 1' });
    await run.open.close();
    console.log(events, memory.paths);
    expect(workspace.store.getRef(execRef('x'.repeat(1)))).toBeUndefined();
  });
});
