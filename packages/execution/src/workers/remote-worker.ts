import { isDmlError } from '@daggerml/object-model';
import {
  type ExecRef,
  ExecRefs,
  type ExecSigner,
  FileGone,
  type OwnClaim,
  type Remote,
  RemoteClaims,
  type TrustPolicy,
} from '@daggerml/remotes';
import { callText } from '@daggerml/repository';
import { FreeAmounts } from '../adapters/free-amounts.ts';
import { type Offers, unmetNeeds } from '../adapters/needs.ts';
import { RemoteSharedCache } from '../cache/remote-cache.ts';
import { Executor, type ExecutorOptions } from '../executor.ts';
import { RunObjects } from '../objects/run-objects.ts';
import { functionNameOf } from '../run/callee.ts';
import { claimedCache } from './claimed-cache.ts';
import { keyOfSnapshot } from './job-key.ts';
import { type JobPlan, planJobs } from './job-order.ts';
import { type JobResult, runJob } from './run-job.ts';
import { ScratchStore } from './scratch-store.ts';
import { readSnapshot, type SnapshotCall } from './snapshot.ts';
import type { JobNames, WorkerEvent } from './worker-events.ts';
import { type ClaimedOrNot, type JobDeeds, type JobTimers, WorkerJob } from './worker-job.ts';

export interface RemoteWorkerOptions {
  /** Surroundings of functions here. */
  readonly surroundings?: Pick<
    ExecutorOptions,
    'env' | 'resourceLimits' | 'program' | 'executables' | 'isIsolated'
  >;
  /** Owner of the claims, for people. */
  readonly owner: string;
  /** Jobs that run at one time; 1 by default. */
  readonly maxJobs?: number | undefined;
  /** Amounts that jobs may take together, and qualities of this place; nothing by default. */
  readonly offers?: Offers | undefined;
  /** Signs results and outcomes; nothing is signed by default. */
  readonly signer?: ExecSigner | undefined;
  /** Trust in jobs and outcomes; all are trusted by default. */
  readonly trust?: TrustPolicy | undefined;
  /** Lease of the claims; 60 s by default. */
  readonly leaseMs?: number | undefined;
  /** Time after which jobs are looked for again; 1 s by default, and up to five times as long while there are none. */
  readonly pollMs?: number | undefined;
  /** Time without a job after which the worker ends; never by default. */
  readonly idleMs?: number | undefined;
  /** Clock and timers; those of the machine by default. */
  readonly timers?: JobTimers | undefined;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

const POLL_MS = 1_000;
/** Growth of the pause while there are no jobs, and its limit. */
const POLL_GROWTH = 1.25;
const MAX_POLLS = 5;
/** Bytes of snapshots from which a store is given up once nothing runs. */
const FULL_BYTES = 256 * 2 ** 20;
/** Jobs that are read ahead of those for which there is room. */
const READ_AT_ONCE = 32;
/** Jobs that wait here for what they need; further ones are read once there are fewer. */
const MAX_WAITING = 256;
/** Time after which the claim of a job is looked at again for which room is kept. */
const LOOK_AGAIN_MS = 15_000;

const machineTimers: JobTimers = {
  nowMs: () => performance.now(),
  setTimer: (act, afterMs) => {
    const timer = setTimeout(act, afterMs);
    return () => clearTimeout(timer);
  },
};

/** A store for jobs, with the exec refs that are taken into it. */
interface Workshop {
  readonly scratch: ScratchStore;
  readonly refs: ExecRefs;
  takenBytes: number;
}

/** A worker that sees a remote alone: runs the jobs that are posted there. */
export class RemoteWorker {
  readonly #remote: Remote;
  readonly #options: RemoteWorkerOptions;
  readonly #timers: JobTimers;
  readonly #claims: RemoteClaims;
  readonly #cache: RemoteSharedCache;
  readonly #jobs = new Map<string, WorkerJob>();
  /** Jobs that are not for this worker. */
  readonly #skipped = new Set<string>();
  readonly #startedMs = new Map<string, number>();
  #workshop: Workshop | undefined;
  /** Jobs for which something is done, also after their end. */
  readonly #doing = new Set<Promise<void>>();
  #wake: (() => void) | undefined;
  #busyMs = 0;

  constructor(remote: Remote, options: RemoteWorkerOptions) {
    const { owner, leaseMs, maxJobs = 1, signer, trust } = options;
    this.#remote = remote;
    this.#options = options;
    this.#timers = options.timers ?? machineTimers;
    this.#claims = new RemoteClaims(remote, { owner, leaseMs, maxHeld: maxJobs });
    this.#cache = new RemoteSharedCache(remote, { signer, trust });
  }

  /**
   * Runs jobs until the signal is aborted, or no job was there for the time that the options say. Jobs under way are
   * given up then, for others to run. Rejects where the remote refuses what a worker does, or is none.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS, idleMs } = this.#options;
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    let pauseMs = pollMs;
    this.#busyMs = this.#timers.nowMs();
    try {
      while (!signal.aborted) {
        const isBusy = await this.#look();
        if (isBusy) this.#busyMs = this.#timers.nowMs();
        pauseMs = isBusy ? pollMs : Math.min(pauseMs * POLL_GROWTH, pollMs * MAX_POLLS);
        if (idleMs !== undefined && this.#timers.nowMs() - this.#busyMs >= idleMs) break;
        if (!signal.aborted) await this.#sleep(pauseMs);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      await this.#close();
    }
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const stop = this.#timers.setTimer(resolve, ms);
      this.#wake = () => {
        stop();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Looks for jobs and begins some; returns whether there is one that is or could be run here. */
  async #look(): Promise<boolean> {
    try {
      const workshop = await this.#openWorkshop();
      const listed = await workshop.refs.list('exec');
      const results = listed.size > 0 ? await workshop.refs.list('results') : new Set<string>();
      this.#forgetOver(listed, results);
      const fresh = [...listed].filter(
        (uuid) => !results.has(uuid) && !this.#jobs.has(uuid) && !this.#skipped.has(uuid),
      );
      // Others look as well: whoever begins anywhere meets them seldom.
      const read = this.#shuffled(fresh).slice(0, this.#countToRead());
      await Promise.all(read.map((uuid) => this.#readJob(workshop, uuid)));
      await this.#putOffHeld();
      this.#begin();
      return this.#jobs.size > 0;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#report({ type: 'remote-failed', reason: (error as Error).message });
      return false;
    }
  }

  async #openWorkshop(): Promise<Workshop> {
    if (this.#workshop && this.#doing.size === 0 && this.#workshop.takenBytes > FULL_BYTES)
      await this.#closeWorkshop();
    if (this.#workshop) return this.#workshop;
    const scratch = await ScratchStore.create('dml-worker');
    const { owner, signer, trust, offers } = this.#options;
    const refs = new ExecRefs(this.#remote, { owner, signer, trust, offers, host: scratch.store });
    this.#workshop = { scratch, refs, takenBytes: 0 };
    return this.#workshop;
  }

  async #closeWorkshop(): Promise<void> {
    const workshop = this.#workshop;
    this.#workshop = undefined;
    await workshop?.scratch.close();
  }

  /** Ends jobs that are not there any more, or have a result of somebody else. */
  #forgetOver(listed: ReadonlySet<string>, results: ReadonlySet<string>): void {
    for (const uuid of this.#skipped) if (!listed.has(uuid)) this.#skipped.delete(uuid);
    for (const [uuid, job] of this.#jobs) {
      if (listed.has(uuid) && !results.has(uuid)) continue;
      if (results.has(uuid)) this.#tryAgain(job.ref.key);
      // What is posted is over in a moment; and others may wait for what this job computes.
      // @spec DML-EXE-1510
      if (job.state === 'posting' || (job.isActive && this.#isWantedByOthers(job, results))) continue;
      job.take('over');
    }
  }

  /** Tries jobs of a key again that somebody else had: it has an outcome by now. */
  #tryAgain(key: ExecRef['key']): void {
    this.#claims.lookAgain(key);
    for (const job of this.#jobs.values()) if (job.ref.key === key) job.dueMs = 0;
  }

  #isWantedByOthers({ executionUuid, ref }: WorkerJob, results: ReadonlySet<string>): boolean {
    for (const [uuid, other] of this.#jobs)
      if (uuid !== executionUuid && other.ref.key === ref.key && !results.has(uuid)) return true;
    return false;
  }

  #shuffled(uuids: readonly string[]): string[] {
    const random = this.#remote.randomBytes(4 * uuids.length);
    const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
    return uuids
      .map((uuid, at) => ({ uuid, place: view.getUint32(4 * at) }))
      .sort((left, right) => left.place - right.place)
      .map(({ uuid }) => uuid);
  }

  async #readJob({ refs }: Workshop, uuid: string): Promise<void> {
    let ref: ExecRef | undefined;
    try {
      ref = await refs.read('exec', uuid);
    } catch (error) {
      if (!isDmlError(error) || !(error.code === 'remote_damaged' || error.code === 'remote_format_newer'))
        throw error;
      this.#skipped.add(uuid);
      this.#report({ type: 'remote-failed', reason: error.message });
      return;
    }
    if (ref === undefined) return;
    const { offers = {} } = this.#options;
    // @spec DML-EXE-1535
    // @spec DML-EXE-2802
    if (unmetNeeds(ref.needs, offers).length > 0) {
      this.#skipped.add(uuid);
      return;
    }
    // @spec DML-EXE-1536
    if (!refs.isTrusted(ref)) {
      this.#skipped.add(uuid);
      const job = { executionUuid: uuid, owner: ref.owner, name: undefined, call: undefined };
      this.#report({ type: 'job-untrusted', job, signer: ref.signature?.signer });
      return;
    }
    const job: WorkerJob = new WorkerJob(
      { executionUuid: uuid, ref },
      {
        deeds: this.#deedsOf(uuid, ref),
        timers: this.#timers,
        onChange: (changed) => this.#changed(changed),
      },
    );
    this.#jobs.set(uuid, job);
  }

  #dueJobs(): WorkerJob[] {
    const nowMs = this.#timers.nowMs();
    return [...this.#jobs.values()].filter(({ state, dueMs }) => state === 'waiting' && dueMs <= nowMs);
  }

  #plan(due: readonly WorkerJob[]): JobPlan<WorkerJob> {
    const { maxJobs = 1, offers = {} } = this.#options;
    const active = [...this.#jobs.values()].filter(({ isActive }) => isActive);
    // What a job needs besides amounts is here, and as much of them as it needs, or it would not be among the jobs.
    const free = new FreeAmounts(offers);
    for (const { needs } of active) free.take(needs);
    return planJobs(due, { free, slots: maxJobs - active.length }, this.#timers.nowMs());
  }

  /**
   * Returns how many jobs may be read: those that wait for what they need do not keep this worker from finding others.
   *
   * @spec DML-EXE-2804
   */
  #countToRead(): number {
    const due = this.#dueJobs();
    const { blockedCount } = this.#plan(due);
    return Math.max(0, Math.min(READ_AT_ONCE - (due.length - blockedCount), MAX_WAITING - due.length));
  }

  /**
   * Puts off jobs for which room would be kept while another worker has them.
   *
   * @spec DML-EXE-2803
   */
  async #putOffHeld(): Promise<void> {
    const nowMs = this.#timers.nowMs();
    for (const job of this.#plan(this.#dueJobs()).kept) {
      if (job.claimSeenMs !== undefined && nowMs - job.claimSeenMs < LOOK_AGAIN_MS) continue;
      job.claimSeenMs = nowMs;
      if (await this.#claims.isHeld(job.ref.key)) job.putOff(LOOK_AGAIN_MS);
    }
  }

  /** Begins as many jobs as there is room for. */
  #begin(): void {
    const due = this.#dueJobs();
    const { begin } = this.#plan(due);
    const nowMs = this.#timers.nowMs();
    for (const job of due) job.waitsSinceMs ??= nowMs;
    for (const job of begin) {
      job.waitsSinceMs = undefined;
      job.take('due');
    }
  }

  /** Reports what has become of a job, and looks for the next one where it has left room. */
  #changed(job: WorkerJob): void {
    const { executionUuid, state } = job;
    if (state === 'claiming') {
      const doing: Promise<void> = job.idle().finally(() => this.#doing.delete(doing));
      this.#doing.add(doing);
    }
    if (state === 'running') {
      this.#startedMs.set(executionUuid, this.#timers.nowMs());
      this.#report({ type: 'job-started', job: this.#namesOf(job) });
    }
    if (state === 'done' || state === 'waiting') this.#left(job);
    if (state !== 'done') return;
    this.#jobs.delete(executionUuid);
    // Its exec ref may be listed for a moment.
    this.#skipped.add(executionUuid);
    this.#startedMs.delete(executionUuid);
    if (job.result !== undefined) this.#tryAgain(job.ref.key);
    this.#wake?.();
  }

  /** Reports the end of a job that was begun. */
  #left(job: WorkerJob): void {
    const { executionUuid, state, result, reason } = job;
    const startedMs = this.#startedMs.get(executionUuid);
    if (state === 'done' && result !== undefined) {
      const durationMs = Math.round(this.#timers.nowMs() - (startedMs ?? this.#timers.nowMs()));
      const isProblem = 'problem' in result;
      this.#report({
        type: 'job-ended',
        job: this.#namesOf(job),
        outcome: isProblem ? 'refused' : result.outcome,
        isCached: !isProblem && result.isCached,
        durationMs,
        reason: isProblem ? result.problem.reason : undefined,
      });
    } else if (startedMs !== undefined) {
      this.#startedMs.delete(executionUuid);
      const why = state === 'done' ? 'nobody waits for it any more' : (reason ?? 'it is left to others');
      this.#report({ type: 'job-left', job: this.#namesOf(job), reason: why });
    }
  }

  #namesOf({ executionUuid, ref, name, callText: call }: WorkerJob): JobNames {
    return { executionUuid, owner: ref.owner, name, call };
  }

  #report(event: WorkerEvent): void {
    this.#options.onEvent?.(event);
  }

  /** Returns what is to be done for a job. */
  #deedsOf(executionUuid: string, ref: ExecRef): JobDeeds {
    const { key } = ref;
    return {
      claim: async (): Promise<ClaimedOrNot> => {
        // @spec DML-EXE-1512
        const answer = await this.#claims.claim(key);
        if (answer.type === 'claimed') return { claim: answer.claim };
        return { afterMs: answer.type === 'held' ? answer.afterMs : 0 };
      },
      renew: (claim) => this.#claims.renew(claim, this.#jobs.get(executionUuid)?.name),
      release: async (claim) => void (await this.#claims.release(claim)),
      // The Caller removes both once it has the result: what is gone is not to be run again.
      isOpen: async () =>
        (await this.#refs.read('results', executionUuid)) === undefined &&
        (await this.#refs.read('exec', executionUuid)) !== undefined,
      fetch: () => this.#fetch(executionUuid, ref),
      run: (call, claim, signal) => this.#run(executionUuid, { ref, call, claim, signal }),
      post: async (result) => {
        const answer =
          'problem' in result
            ? result
            : { commitId: result.commitId, snapshotId: ref.commit as NonNullable<ExecRef['commit']> };
        await this.#refs.answer({ executionUuid, key }, answer, objectsOf(result, this.#store));
      },
    };
  }

  get #refs(): ExecRefs {
    return (this.#workshop as Workshop).refs;
  }

  get #store(): ScratchStore['store'] {
    return (this.#workshop as Workshop).scratch.store;
  }

  /** Takes the snapshot of a job. */
  async #fetch(executionUuid: string, ref: ExecRef): ReturnType<JobDeeds['fetch']> {
    const commitId = ref.commit as NonNullable<ExecRef['commit']>;
    const workshop = this.#workshop as Workshop;
    try {
      const job = { executionUuid, commitId, groups: ref.groups };
      const takenBytes = await workshop.refs.take([job]);
      workshop.takenBytes += takenBytes;
      const objects = new RunObjects(workshop.scratch.store);
      const call = readSnapshot(commitId, objects);
      const { functionDatumId } = call;
      const own = this.#jobs.get(executionUuid);
      if (own) {
        own.name = functionNameOf(functionDatumId, objects);
        // @spec DML-EXE-2823
        own.callText = callText(objects, call.rootNodeId, { nameOf: () => undefined }).text;
      }
      // @spec DML-EXE-1537
      if (keyOfSnapshot(executionUuid, call, objects) !== ref.key)
        return {
          problem: { code: 'snapshot_invalid', reason: 'it is claimed under the key of another call' },
        };
      return call;
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      return { problem };
    }
  }

  /** Runs a call; its outcome is in the shared cache then. */
  async #run(
    executionUuid: string,
    {
      ref,
      call,
      claim,
      signal,
    }: {
      readonly ref: ExecRef;
      readonly call: SnapshotCall;
      readonly claim: OwnClaim;
      readonly signal: AbortSignal;
    },
  ): Promise<JobResult> {
    const { owner, surroundings } = this.#options;
    // Whoever had the claim before has published since this process looked last.
    if (claim.fencing > 1) await this.#cache.mayHave(ref.key, true);
    const executor = new Executor({
      ...surroundings,
      store: this.#store,
      fileCache: false,
      sharing: { cache: claimedCache(this.#cache, claim, () => this.#claims.renew(claim)) },
    });
    try {
      const snapshotId = ref.commit as NonNullable<ExecRef['commit']>;
      const author = { actor: owner, nowMs: this.#remote.clock.now() };
      return await runJob(executor, { executionUuid, snapshotId, call, author, signal });
    } finally {
      await executor.close();
    }
  }

  /** Ends what is under way, which others can run then. */
  async #close(): Promise<void> {
    for (const job of this.#jobs.values()) job.take('over');
    await Promise.all(this.#doing);
    await this.#closeWorkshop();
  }
}

/** Returns the source of a result commit. */
function objectsOf(result: JobResult, store: ScratchStore['store']): RunObjects {
  return 'problem' in result ? new RunObjects(store) : result.objects;
}

/** Returns what the Caller of a job is told of an error; undefined for one that concerns this worker. */
function problemOf(error: unknown): { readonly code: string; readonly reason: string } | undefined {
  if (error instanceof FileGone)
    return { code: 'worker_lost', reason: 'a collection of the remote has removed what the job needs' };
  if (!isDmlError(error)) return undefined;
  if (error.code === 'snapshot_invalid' || error.code === 'invalid_payload')
    return { code: 'snapshot_invalid', reason: `${error.fields.message ?? error.message}` };
  if (error.code === 'transfer_invalid' || error.code === 'remote_damaged' || error.code === 'object_missing')
    return { code: 'worker_lost', reason: `what the job needs cannot be read: ${error.message}` };
  return undefined;
}

/** Checks whether an error of the remote is one that passes. */
function isPassing(error: unknown): boolean {
  return isDmlError(error) && (error.code === 'remote_unreachable' || error.code === 'remote_busy');
}
