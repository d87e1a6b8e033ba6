import type { CommitId, ExecutionKey } from '@daggerml/object-model';
import type { ExecRef, OwnClaim } from '@daggerml/remotes';
import { describe, expect, it } from 'vitest';
import type { JobResult } from './run-job.ts';
import type { SnapshotCall } from './snapshot.ts';
import { type JobDeeds, WorkerJob } from './worker-job.ts';

const LEASE_MS = 9_000;
const CLAIM: OwnClaim = { executionKey: 'ab'.repeat(32) as ExecutionKey, fencing: 1, leaseMs: LEASE_MS };
const CALL = { options: {} } as SnapshotCall;
const RESULT = { commitId: 'cd'.repeat(32) as CommitId, outcome: 'ok' } as JobResult;

/** A job whose deeds a test decides, with timers that it moves. */
class World {
  nowMs = 0;
  readonly did: string[] = [];
  readonly states: string[] = [];
  #timers: { readonly atMs: number; readonly act: () => void }[] = [];
  signal: AbortSignal | undefined;
  readonly job: WorkerJob;

  constructor(deeds: Partial<JobDeeds> = {}) {
    const note = <Deed extends (...args: never[]) => unknown>(name: string, deed: Deed): Deed =>
      ((...args: never[]) => {
        this.did.push(name);
        return deed(...args);
      }) as Deed;
    const all: JobDeeds = {
      claim: async () => ({ claim: CLAIM }),
      renew: async () => true,
      release: async () => {},
      isOpen: async () => true,
      fetch: async () => CALL,
      run: async () => RESULT,
      post: async () => {},
      ...deeds,
    };
    this.job = new WorkerJob(
      { executionUuid: 'uuid', ref: {} as ExecRef },
      {
        deeds: {
          claim: note('claim', all.claim),
          renew: note('renew', all.renew),
          release: note('release', all.release),
          isOpen: note('check', all.isOpen),
          fetch: note('fetch', all.fetch),
          run: note('run', (call, claim, signal) => {
            this.signal = signal;
            return all.run(call, claim, signal);
          }),
          post: note('post', all.post),
        },
        timers: {
          nowMs: () => this.nowMs,
          setTimer: (act, afterMs) => {
            const timer = { atMs: this.nowMs + afterMs, act };
            this.#timers.push(timer);
            return () => {
              this.#timers = this.#timers.filter((each) => each !== timer);
            };
          },
        },
        onChange: ({ state }) => this.states.push(state),
      },
    );
  }

  /** Lets time pass, with all that is due in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.act();
      await settle();
    }
    this.nowMs = endMs;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a job in a worker', () => {
  it('is claimed, run and posted, and its claim released at the end', async () => {
    const world = new World();
    world.job.take('due');
    await world.job.idle();
    expect(world.did).toEqual(['claim', 'check', 'fetch', 'run', 'renew', 'post', 'release']);
    expect(world.states).toEqual(['claiming', 'checking', 'fetching', 'running', 'posting', 'done']);
    expect(world.job.result).toBe(RESULT);
  });

  it('is not run where it has a result by now', async () => {
    const world = new World({ isOpen: async () => false });
    world.job.take('due');
    await world.job.idle();
    expect([world.did, world.job.state]).toEqual([['claim', 'check', 'release'], 'done']);
  });

  it('waits while somebody else has it', async () => {
    const world = new World({ claim: async () => ({ afterMs: 700 }) });
    world.job.take('due');
    await settle();
    expect([world.job.state, world.job.dueMs, world.did]).toEqual(['waiting', 700, ['claim']]);
  });

  it('posts why it cannot be run', async () => {
    const problem = { code: 'snapshot_invalid', reason: 'no' };
    const world = new World({ fetch: async () => ({ problem }) });
    world.job.take('due');
    await world.job.idle();
    expect(world.did).toEqual(['claim', 'check', 'fetch', 'renew', 'post', 'release']);
    expect(world.job.result).toEqual({ problem });
  });

  it('renews its lease as long as it runs, before two thirds have passed [DML-EXE-1508]', async () => {
    const renewedMs: number[] = [];
    const world: World = new World({
      run: () => new Promise(() => {}),
      renew: async () => {
        renewedMs.push(world.nowMs);
        return true;
      },
    });
    world.job.take('due');
    await settle();
    await world.pass(4 * LEASE_MS);
    expect(renewedMs.length).toBeGreaterThan(5);
    for (const [at, ms] of renewedMs.entries())
      expect(ms - (renewedMs[at - 1] ?? 0)).toBeLessThanOrEqual((2 / 3) * LEASE_MS);
    world.job.take('over');
    const before = renewedMs.length;
    await world.pass(LEASE_MS);
    expect([renewedMs.length, world.did.at(-1)]).toEqual([before, 'release']);
  });

  it('neither posts nor goes on once its claim is lost [DML-EXE-1506]', async () => {
    // While it runs: somebody else has it.
    let isHeld = true;
    const running = new World({ run: () => new Promise(() => {}), renew: async () => isHeld });
    running.job.take('due');
    await settle();
    isHeld = false;
    await running.pass(LEASE_MS);
    expect([running.job.state, running.signal?.aborted]).toEqual(['waiting', true]);
    expect(running.did).not.toContain('post');
    // The remote is silent for as long as the lease.
    const silent = new World({
      run: () => new Promise(() => {}),
      renew: async () => {
        throw new Error('no answer');
      },
    });
    silent.job.take('due');
    await settle();
    await silent.pass(LEASE_MS / 2);
    expect([silent.job.state, silent.signal?.aborted]).toEqual(['running', false]);
    await silent.pass(LEASE_MS / 2);
    expect([silent.job.state, silent.signal?.aborted]).toEqual(['waiting', true]);
    // It was stopped for longer than its lease, and goes on with its result.
    const stopped = new World({ renew: async () => false });
    stopped.job.take('due');
    await settle();
    expect([stopped.job.state, stopped.did.includes('post')]).toEqual(['waiting', false]);
    for (const world of [running, silent, stopped]) expect(world.did).not.toContain('release');
  });

  it('is tried again after a failure, each time later', async () => {
    let failures = 0;
    const world = new World({
      run: async () => {
        failures += 1;
        throw new Error('the disk is full');
      },
    });
    const pauses: number[] = [];
    for (let times = 0; times < 8; times += 1) {
      world.nowMs = world.job.dueMs;
      world.job.take('due');
      await settle();
      expect([world.job.state, world.did.at(-1)]).toEqual(['waiting', 'release']);
      pauses.push(world.job.dueMs - world.nowMs);
    }
    expect(failures).toBe(8);
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(world.job.reason).toContain('the disk is full');
  });

  it('does not hear of what it began before it was over', async () => {
    let answer: (result: JobResult) => void = () => {};
    const world = new World({ run: () => new Promise((resolve) => (answer = resolve)) });
    world.job.take('due');
    await settle();
    world.job.take('over');
    answer(RESULT);
    await world.job.idle();
    expect([world.job.state, world.did.includes('post')]).toEqual(['done', false]);
  });
});
