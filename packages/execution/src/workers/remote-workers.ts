import {
  type CommitId,
  type ExecutionKey,
  isDmlError,
  type Needs,
  type NodeId,
} from '@daggerml/object-model';
import {
  type ExecRef,
  ExecRefs,
  type ExecSigner,
  FileGone,
  type Remote,
  type TrustPolicy,
} from '@daggerml/remotes';
import { storedValue, treeScope } from '@daggerml/repository';
import { execRef, parseRefName, type RefName, type Store } from '@daggerml/store';
import { notHere } from '../adapters/failure-answer.ts';
import type {
  AdapterAnswer,
  AdapterContext,
  AdapterReport,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  Submission,
} from '../adapters/port.ts';
import { RunObjects } from '../objects/run-objects.ts';
import { isRetryable } from '../run/failure-effect.ts';
import { jobKey } from './job-key.ts';
import { LonelyJobs, type LonelyReport } from './lonely-jobs.ts';
import { failureOfResult, readResultCommit } from './result-commit.ts';
import { putSnapshot } from './snapshot.ts';

export interface RemoteWorkersOptions {
  /** Owner of the jobs, for people. */
  readonly owner: string;
  /** Signs jobs; nothing is signed by default. */
  readonly signer?: ExecSigner | undefined;
  /** Trust in results; all are trusted by default. */
  readonly trust?: TrustPolicy | undefined;
  /** Time after which results are looked for again; 1 s by default, and up to five times as long while there are none. */
  readonly pollMs?: number | undefined;
  /** Time after which a remote that does not answer is asked again; 5 s by default. */
  readonly pauseMs?: number | undefined;
  /** Hears, once for jobs that need the same, that no worker has taken one for a while. */
  readonly onNobody?: ((report: LonelyReport) => void) | undefined;
  /** Jobs that are posted at one time; further ones wait. */
  readonly maxJobs?: number | undefined;
  /** Hears of a result that is not used since its signer, undefined for none, is not trusted. */
  readonly onUntrusted?: ((signer: string | undefined) => void) | undefined;
}

const POLL_MS = 1_000;
const MAX_JOBS = 512;
/** Submissions that are made within this time are posted together. */
const GATHER_MS = 25;
/** Results that are taken together. */
const TAKEN_TOGETHER = 64;
/** Time without an answer of the remote after which calls fail, and between two questions until then. */
const PATIENCE_MS = 600_000;
const PAUSE_MS = 5_000;
/** Growth of the time between two looks for results while there are none, and its limit. */
const LOOK_GROWTH = 1.2;
const MAX_LOOKS = 5;
/** Looks for results between two looks whether the jobs are still there. */
const LOOKS_BETWEEN = 30;

/** A job of this run, or of an earlier one of the same work. */
interface Job {
  readonly executionUuid: string;
  readonly nodeId: NodeId;
  readonly snapshotId: CommitId;
  /** True once it was seen among the jobs of the remote. */
  isPosted: boolean;
  /** Key under which workers claim it; undefined for one that another process has posted. */
  readonly key: ExecutionKey | undefined;
  /** Undefined for one that another process has posted. */
  readonly needs: Needs | undefined;
}

/**
 * Has calls run by workers that see the remote alone: posts a job for each, and takes its result.
 *
 * @spec DML-EXE-1605
 */
export class RemoteWorkers implements ExecutionAdapter {
  readonly capacity: number = Number.POSITIVE_INFINITY;
  readonly #context: AdapterContext;
  readonly #remote: Remote;
  readonly #options: RemoteWorkersOptions;
  readonly #store: Store;
  readonly #refs: ExecRefs;
  /** By the node of the call. */
  readonly #jobs = new Map<NodeId, Job>();
  /** Calls whose jobs are not posted yet. */
  readonly #waiting = new Map<NodeId, Submission>();
  /** Calls whose results are looked for: each is answered once there is something to say. */
  readonly #polls = new Map<NodeId, Poll>();
  #looking: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #over: string[] = [];
  /** Work on the remote, one after the other. */
  #working: Promise<void> = Promise.resolve();
  #looks = 0;
  /** Time since which the remote has not answered. */
  #silentSinceMs: number | undefined;
  readonly #lonely: LonelyJobs;
  #isTidy = false;
  #isClosed = false;

  constructor(context: AdapterContext, remote: Remote, options: RemoteWorkersOptions) {
    const { owner, signer, trust } = options;
    this.#context = context;
    this.#remote = remote;
    this.#options = options;
    this.#store = context.objects.store;
    this.#refs = new ExecRefs(remote, { owner, signer, trust, host: this.#store });
    this.#lonely = new LonelyJobs((key) => this.#refs.isClaimed(key));
  }

  traitsOf(): AdapterTraits {
    return { outlives: true };
  }

  submit(submissions: readonly Submission[]): void {
    for (const submission of submissions) {
      const refusal = refusalOf(submission);
      if (refusal) this.#answerLater(submission.nodeId, refusal);
      else this.#waiting.set(submission.nodeId, submission);
    }
    this.#gather();
  }

  poll(polls: readonly Poll[]): void {
    for (const poll of polls) this.#polls.set(poll.nodeId, poll);
    this.#pauseMs = this.#pollMs;
    this.#lookLater();
  }

  stop(nodeId: NodeId): void {
    this.#waiting.delete(nodeId);
    this.#polls.delete(nodeId);
    const job = this.#jobs.get(nodeId);
    if (job) this.#end(job);
  }

  settled(executionUuid: string): void {
    for (const job of this.#jobs.values()) if (job.executionUuid === executionUuid) this.#end(job);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#looking);
    this.#waiting.clear();
    this.#polls.clear();
    this.#enqueue(() => this.#removeOver());
    await this.#working;
  }

  #end(job: Job): void {
    this.#jobs.delete(job.nodeId);
    this.#over.push(job.executionUuid);
    this.#gather();
  }

  /** Works on everything that comes within a short time together. */
  #gather(afterMs: number = GATHER_MS): void {
    if (this.#isClosed) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#enqueue(() => this.#work());
    }, afterMs);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work);
  }

  async #work(): Promise<void> {
    await this.#removeOver();
    await this.#post();
  }

  /** Posts the jobs for which there is room. */
  async #post(): Promise<void> {
    const room = (this.#options.maxJobs ?? MAX_JOBS) - this.#jobs.size;
    const submissions = [...this.#waiting.values()].slice(0, Math.max(0, room));
    if (submissions.length === 0) return;
    for (const { nodeId } of submissions) this.#waiting.delete(nodeId);
    try {
      const jobs = this.#keepSnapshots(submissions);
      const refused = await this.#refs.post(
        jobs.map((job) => ({
          executionUuid: job.executionUuid,
          commitId: job.snapshotId,
          key: job.key as ExecutionKey,
          needs: job.needs ?? {},
        })),
        this.#context.objects,
      );
      this.#silentSinceMs = undefined;
      // @spec DML-EXE-1507
      this.#context.report(jobs.flatMap((job) => this.#posted(job, refused.get(job.executionUuid))));
      // What was refused has left room.
      if (refused.size > 0 && this.#waiting.size > 0) this.#gather();
    } catch (error) {
      // They may be posted all the same: whoever posts one again has the same execution UUID.
      for (const { nodeId } of submissions) this.#jobs.delete(nodeId);
      if (!this.#isPatient(error))
        return this.#report(submissions.map(({ nodeId }) => answered(nodeId, failed(error))));
      for (const submission of submissions) this.#waiting.set(submission.nodeId, submission);
      this.#gather(this.#options.pauseMs ?? PAUSE_MS);
    }
  }

  /** Returns the reports of a job that was posted, or refused with an error. */
  #posted(job: Job, error: Error | undefined): AdapterReport[] {
    if (error === undefined) {
      job.isPosted = true;
      return [{ type: 'started', nodeId: job.nodeId }, pending(job)];
    }
    // @spec DML-EXE-2793
    this.#jobs.delete(job.nodeId);
    return [answered(job.nodeId, failed(error))];
  }

  /**
   * Checks whether an error is one that passes: a remote that cannot be reached for a while costs no attempt.
   *
   * @spec DML-EXE-1533
   */
  #isPatient(error: unknown): boolean {
    if (failed(error).type !== 'failed' || !(failed(error) as { isRetryable: boolean }).isRetryable)
      return false;
    const nowMs = this.#remote.clock.now();
    this.#silentSinceMs ??= nowMs;
    return nowMs - this.#silentSinceMs < PATIENCE_MS;
  }

  /** Keeps the snapshot of each submission under an exec ref of the store, which its job names. */
  #keepSnapshots(submissions: readonly Submission[]): readonly Job[] {
    const store = this.#store;
    const objects = new RunObjects(store);
    const { actor, clock } = this.#remote;
    const made = submissions.map((submission) => {
      const executionUuid = submission.executionUuid as string;
      // One that an earlier process has begun goes on as it is.
      const known = store.getRef(execRef(executionUuid))?.commitId;
      const author = { actor, nowMs: clock.now() };
      const snapshotId = known ?? putSnapshot(submission, objects, author);
      const { nodeId, executionKey } = submission;
      const key = jobKey({ executionUuid, cache: submission.options?.cache, executionKey });
      const needs = submission.needs ?? {};
      const job: Job = { executionUuid, nodeId, snapshotId, isPosted: false, key, needs };
      return { job, isKnown: known !== undefined };
    });
    store.transact('exec/snapshots', (transaction) => {
      objects.writeTo(transaction);
      for (const { job, isKnown } of made) {
        if (isKnown) continue;
        const ref = execRef(job.executionUuid);
        const facts = { actor, reason: 'a call to run elsewhere' };
        transaction.updateRef({ ref, expected: null, next: job.snapshotId, ...facts });
      }
    });
    const jobs = made.map(({ job }) => job);
    for (const job of jobs) this.#jobs.set(job.nodeId, job);
    return jobs;
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? POLL_MS;
  }

  #lookLater(): void {
    if (this.#isClosed || this.#polls.size === 0) return;
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      this.#enqueue(async () => {
        await this.#look();
        this.#lookLater();
      });
    }, this.#pauseMs);
  }

  /** Answers calls by the results that are there; the others go on to wait. */
  async #look(): Promise<void> {
    const jobs = Array.from(this.#polls.values(), (poll) => this.#jobOf(poll));
    if (jobs.length === 0) return;
    try {
      const results = await this.#refs.list('results');
      this.#looks += 1;
      const isChecked = this.#looks % LOOKS_BETWEEN === 0 || jobs.some(({ isPosted }) => !isPosted);
      const posted = isChecked ? await this.#refs.list('exec') : undefined;
      const finished = jobs.filter(({ executionUuid }) => results.has(executionUuid));
      this.#pauseMs =
        finished.length > 0 ? this.#pollMs : Math.min(this.#pauseMs * LOOK_GROWTH, MAX_LOOKS * this.#pollMs);
      for (const job of jobs) {
        const { executionUuid } = job;
        if (results.has(executionUuid)) continue;
        if (posted?.has(executionUuid) === false) this.#report([this.#lost(job, 'its job is gone')]);
        else job.isPosted = true;
      }
      for (let at = 0; at < finished.length; at += TAKEN_TOGETHER)
        await this.#take(finished.slice(at, at + TAKEN_TOGETHER));
      await this.#warnOfNobody(
        jobs.filter(({ executionUuid }) => !results.has(executionUuid)),
        finished,
      );
      this.#silentSinceMs = undefined;
    } catch (error) {
      this.#pauseMs = this.#options.pauseMs ?? PAUSE_MS;
      if (!this.#isPatient(error))
        this.#report([...this.#polls.keys()].map((nodeId) => answered(nodeId, failed(error))));
    }
  }

  async #warnOfNobody(open: readonly Job[], ended: readonly Job[]): Promise<void> {
    const { onNobody } = this.#options;
    if (onNobody === undefined) return;
    for (const report of await this.#lonely.look(open, ended, this.#remote.clock.now())) onNobody(report);
  }

  /** Returns the job of a poll; one that another process has begun is taken up. */
  #jobOf({ nodeId, token, executionUuid = '' }: Poll): Job {
    const known = this.#jobs.get(nodeId);
    if (known) return known;
    const snapshotId = token as CommitId;
    const job: Job = { executionUuid, nodeId, snapshotId, isPosted: false, key: undefined, needs: undefined };
    this.#jobs.set(nodeId, job);
    return job;
  }

  /** Takes the results of jobs together, or one by one where that fails. */
  async #take(jobs: readonly Job[]): Promise<void> {
    const read = await Promise.all(jobs.map(async (job) => ({ job, ref: await this.#readResult(job) })));
    const results = read.flatMap(({ job, ref }) => (ref === undefined ? [] : [{ job, ref }]));
    if (results.length === 0) return;
    try {
      await this.#refs.take(results.map(({ job, ref }) => toTake(job, ref)));
    } catch (error) {
      if (results.length > 1) {
        for (const { job } of results) await this.#take([job]);
        return;
      }
      const [{ job }] = results as [(typeof results)[number]];
      return this.#report([this.#untaken(job, error)]);
    }
    this.#report(results.map(({ job, ref }) => answered(job.nodeId, this.#answerOf(job, ref.commit))));
  }

  /** Returns the result of a job that has a commit; answers for one that has none, or none to be used. */
  async #readResult(job: Job): Promise<(ExecRef & { readonly commit: CommitId }) | undefined> {
    const { executionUuid, nodeId } = job;
    let ref: ExecRef | undefined;
    try {
      ref = await this.#refs.read('results', executionUuid);
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
      this.#report([this.#lost(job, error.message)]);
      return undefined;
    }
    if (ref === undefined) return undefined;
    if (!this.#refs.isTrusted(ref)) {
      // Its place is for a result that can be used.
      // @spec DML-EXE-1530
      this.#options.onUntrusted?.(ref.signature?.signer);
      await this.#refs.removeResult(executionUuid);
      return undefined;
    }
    this.#lonely.see(ref.needs);
    if (ref.problem !== null) {
      const { code, reason } = ref.problem;
      const isAgain = isRetryable(code);
      // Files of the job may be gone: another one names none that this process believes to be there.
      if (isAgain) this.#refs.forget();
      this.#end(job);
      // @spec DML-EXE-1531
      this.#report([
        answered(nodeId, { type: 'failed', code, reason, isRetryable: isAgain, hasEnded: true }),
      ]);
    } else return ref as ExecRef & { readonly commit: CommitId };
    return undefined;
  }

  /** Returns the answer to a job whose result could not be taken. */
  #untaken(job: Job, error: unknown): AdapterReport {
    const isGone =
      error instanceof FileGone ||
      (isDmlError(error) && (error.code === 'transfer_invalid' || error.code === 'remote_damaged'));
    if (!isGone) return answered(job.nodeId, failed(error));
    this.#refs.forget();
    return this.#lost(job, `its result cannot be read: ${(error as Error).message}`);
  }

  /** Returns the answer to a job that has come to nothing; another attempt posts it anew. */
  #lost(job: Job, reason: string): AdapterReport {
    this.#end(job);
    return answered(job.nodeId, {
      type: 'failed',
      code: 'worker_lost',
      reason,
      isRetryable: true,
      hasEnded: true,
    });
  }

  #answerOf(job: Job, commitId: CommitId): AdapterAnswer {
    const { objects } = this.#context;
    const { nodeId, snapshotId } = job;
    try {
      const result = readResultCommit(commitId, { nodeId, snapshotId }, objects);
      if (result.outcome === 'error')
        return { type: 'done', outcome: 'error', failure: failureOfResult(result, objects), result };
      const { rootNodeId } = objects.read('dag', result.resultDagId);
      const datumId = storedValue(rootNodeId, treeScope(result.pins, objects), objects);
      return { type: 'done', outcome: 'ok', datumId, result };
    } catch (error) {
      if (!isDmlError(error)) return { type: 'broken', error };
      this.#end(job);
      const reason = `${error.fields.message ?? error.message}`;
      return { type: 'failed', code: 'wrong_result', reason, isRetryable: true, hasEnded: true };
    }
  }

  /** Removes what is over from the remote, and then here; what stays after a failure is left to the next run. */
  async #removeOver(): Promise<void> {
    if (!this.#isTidy) this.#over.push(...this.#leftOver());
    this.#isTidy = true;
    const over = this.#over.splice(0);
    if (over.length === 0) return;
    try {
      await this.#refs.remove(over);
      this.#store.transact('exec/over', (transaction) => {
        for (const executionUuid of over) {
          const ref = execRef(executionUuid);
          const expected = transaction.getRef(ref)?.commitId;
          const facts = { actor: this.#remote.actor, reason: 'the call has its outcome' };
          if (expected !== undefined) transaction.updateRef({ ref, expected, next: null, ...facts });
        }
      });
    } catch {
      // Nobody waits for it.
    }
  }

  /**
   * Returns the executions of earlier runs that have an exec ref here and nobody who waits for them.
   *
   * @spec DML-EXE-1606
   */
  #leftOver(): string[] {
    return this.#store.readRefs().flatMap(({ name }) => {
      const uuid = executionOf(name);
      return uuid !== undefined && this.#store.getAttempt(uuid) === undefined ? [uuid] : [];
    });
  }

  #answerLater(nodeId: NodeId, answer: AdapterAnswer): void {
    setImmediate(() => this.#report([answered(nodeId, answer)]));
  }

  #report(reports: readonly AdapterReport[]): void {
    for (const report of reports) if (report.type === 'answered') this.#polls.delete(report.nodeId);
    if (reports.length > 0 && !this.#isClosed) this.#context.report(reports);
  }
}

/** Returns the execution of an exec ref; undefined for any other ref. */
function executionOf(name: RefName): string | undefined {
  const parts = parseRefName(name);
  return parts.kind === 'exec' ? parts.uuid : undefined;
}

function toTake(
  { executionUuid }: Job,
  { commit, groups }: ExecRef & { readonly commit: CommitId },
): { executionUuid: string; commitId: CommitId; groups: ExecRef['groups'] } {
  return { executionUuid, commitId: commit, groups };
}

/**
 * Returns why a call cannot run elsewhere; undefined where it can.
 *
 * @spec DML-EXE-1532
 */
function refusalOf({ natives = [], executionUuid }: Submission): AdapterAnswer | undefined {
  if (executionUuid === undefined) throw new TypeError('a job without an execution UUID');
  const [first] = natives;
  if (first === undefined) return undefined;
  const reason = `its function imports ${first.name}, a package with machine code that workers elsewhere do not have`;
  return { type: 'failed', code: 'adapter_refused', reason, isRetryable: false };
}

function pending({ nodeId, snapshotId }: Job): AdapterReport {
  return answered(nodeId, { type: 'pending', token: snapshotId, pollAfterMs: 0 });
}

function answered(nodeId: NodeId, answer: AdapterAnswer): AdapterReport {
  return { type: 'answered', nodeId, answer };
}

/** Returns what an error of the remote means for an attempt, and one of the store for the run. */
function failed(error: unknown): AdapterAnswer {
  const withheld = notHere(error);
  if (withheld) return withheld;
  if (!isDmlError(error) || !error.code.startsWith('remote_')) return { type: 'broken', error };
  const isPassing = error.code === 'remote_unreachable' || error.code === 'remote_busy';
  return {
    type: 'failed',
    code: isPassing ? 'unreachable' : 'adapter_refused',
    reason: error.message,
    isRetryable: isPassing,
  };
}
