import type { CommitId, ExecutionKey } from '@daggerml/object-model';
import { machineClocks, RemoteTime } from '../claims/remote-time.ts';
import { readClaim } from '../claims/swap-claim.ts';
import type { ExecProblem, ExecRef, ExecRefKind } from '../format/exec-ref.ts';
import type { Remote } from '../remote.ts';
import { type ExecSigner, ExecTrust, type TrustPolicy } from '../signatures/exec-signature.ts';
import { CommitSender, type CommitSource, type SentCommit } from './commit-sender.ts';
import { createExecRef, listExecRefs, readExecRef, removeExecRefs } from './exec-ref-files.ts';
import { type CommitHost, CommitTaker, type CommitToTake } from './take-commits.ts';

export interface ExecRefsOptions {
  /** Owner of jobs and results, for people. */
  readonly owner: string;
  /** Amounts and qualities of this place, which results name; nothing by default. */
  readonly offers?: ExecRef['needs'] | undefined;
  /** Store that takes what is fetched. */
  readonly host: CommitHost;
  /** Signs what is posted; nothing is signed by default. */
  readonly signer?: ExecSigner | undefined;
  /** Trust in what others have posted; all is trusted by default, and the own signer whatever it says. */
  readonly trust?: TrustPolicy | undefined;
}

/** A job to post. */
export interface ExecJob {
  readonly executionUuid: string;
  /** Snapshot of the call. */
  readonly commitId: CommitId;
  /** Key under which workers claim it. */
  readonly key: ExecutionKey;
  readonly needs: ExecRef['needs'];
}

/** A result to post: a commit on the snapshot, or why there is none. */
export type ExecResult =
  | { readonly commitId: CommitId; readonly snapshotId: CommitId }
  | { readonly problem: ExecProblem };

/** Jobs that are posted at the same time. */
const PARALLEL_POSTS = 8;
const MAX_NOTE = 1_000;

/** Exec refs of a remote, as one process posts and takes them. */
export class ExecRefs {
  readonly #remote: Remote;
  readonly #options: ExecRefsOptions;
  readonly #sender: CommitSender;
  readonly #taker: CommitTaker;
  readonly #trust: ExecTrust | undefined;
  readonly #time: RemoteTime;

  constructor(remote: Remote, options: ExecRefsOptions) {
    const { host, signer, trust } = options;
    this.#remote = remote;
    this.#options = options;
    this.#sender = new CommitSender(remote);
    this.#taker = new CommitTaker(remote, host);
    const own = signer ? [signer.signer] : [];
    this.#trust = trust && new ExecTrust({ ...trust, keys: [...trust.keys, ...own] });
    this.#time = new RemoteTime(remote, machineClocks);
  }

  /**
   * Posts jobs with all that their snapshots reach; those that were posted before stay as they are. Returns, by execution
   * UUID, why jobs were not posted of which something is not to be had: `object_withheld`, or `remote_refused` with
   * `incomplete`.
   */
  async post(jobs: readonly ExecJob[], source: CommitSource): Promise<ReadonlyMap<string, Error>> {
    const sent = await this.#sender.send(jobs, source);
    const refused = new Map<string, Error>();
    const queue: { readonly job: ExecJob; readonly groups: ExecRef['groups'] }[] = [];
    for (const [at, job] of jobs.entries()) {
      const each = sent[at] as SentCommit;
      if ('error' in each) refused.set(job.executionUuid, each.error);
      else queue.push({ job, groups: each.groups });
    }
    if (queue.length === 0) return refused;
    const timeMs = await this.#now();
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { executionUuid, commitId, key, needs } = next.job;
        const ref = this.#refOf({ commit: commitId, groups: next.groups, key, needs, timeMs });
        await createExecRef(this.#remote, { kind: 'exec', executionUuid }, ref);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_POSTS }, work));
    return refused;
  }

  /**
   * Posts the result of a job and returns true; false where the job has one already, which stays.
   *
   * @spec DML-REM-1804
   */
  async answer(
    { executionUuid, key }: Pick<ExecJob, 'executionUuid' | 'key'>,
    result: ExecResult,
    source: CommitSource,
  ): Promise<boolean> {
    let commit: CommitId | null = null;
    let groups: ExecRef['groups'] = [];
    if ('commitId' in result) {
      commit = result.commitId;
      // Results share little, and each is whole by itself.
      this.#sender.forget();
      const [sent] = await this.#sender.send([{ commitId: commit, left: result.snapshotId }], source);
      if (sent === undefined || 'error' in sent) throw sent?.error ?? new TypeError('nothing was sent');
      groups = sent.groups;
    }
    const problem = 'problem' in result ? clipped(result.problem) : null;
    // @spec DML-REM-1850
    const { offers = {} } = this.#options;
    const ref = this.#refOf({ commit, groups, key, needs: offers, problem, timeMs: await this.#now() });
    return await createExecRef(this.#remote, { kind: 'results', executionUuid }, ref);
  }

  #refOf(
    facts: Pick<ExecRef, 'commit' | 'groups' | 'key' | 'needs' | 'timeMs'> &
      Partial<Pick<ExecRef, 'problem'>>,
  ): ExecRef {
    const { owner, signer } = this.#options;
    return {
      problem: null,
      ...facts,
      owner,
      // @spec DML-REM-1809
      signature: signer && facts.commit !== null ? signer.signCommit(facts.commit) : undefined,
      write: this.#remote.randomUuid(),
    };
  }

  async #now(): Promise<number> {
    return Math.max(0, Math.trunc(await this.#time.now()));
  }

  /** Returns the execution UUIDs of jobs or results, in any order. */
  list(kind: ExecRefKind): Promise<Set<string>> {
    return listExecRefs(this.#remote, kind);
  }

  /** Returns a job or result; undefined where there is none. Throws `remote_damaged` and `remote_format_newer`. */
  read(kind: ExecRefKind, executionUuid: string): Promise<ExecRef | undefined> {
    return readExecRef(this.#remote, kind, executionUuid);
  }

  /**
   * Checks whether a job or result may be used: one without a commit says nothing that could be wrong.
   *
   * @spec DML-REM-1810
   */
  isTrusted({ commit, signature }: ExecRef): boolean {
    return this.#trust === undefined || commit === null || this.#trust.acceptsCommit(commit, signature);
  }

  /** Takes commits with all that they reach under the exec refs of the store; see {@link CommitTaker.take}. */
  take(commits: readonly CommitToTake[]): Promise<number> {
    return this.#taker.take(commits);
  }

  /** Checks whether somebody has the claim of a key. */
  async isClaimed(key: ExecutionKey): Promise<boolean> {
    const found = await readClaim(this.#remote, key);
    return found !== undefined && found !== 'unchanged' && found.claim.state === 'held';
  }

  /** Removes jobs with their results; absent ones are no error. */
  remove(executionUuids: readonly string[]): Promise<void> {
    return removeExecRefs(this.#remote, executionUuids);
  }

  /** Removes the result of a job, so that another one can be posted. */
  async removeResult(executionUuid: string): Promise<void> {
    await this.#remote.files.remove([`results/${executionUuid}.json`]);
  }

  /** Forgets what was put and taken: files of it were found gone. */
  forget(): void {
    this.#sender.forget();
    this.#taker.forget();
  }
}

/** Returns a problem whose words are short enough for an exec ref. */
function clipped({ code, reason }: ExecProblem): ExecProblem {
  return {
    code: code.slice(0, MAX_NOTE).toWellFormed() || 'unknown',
    reason: reason.slice(0, MAX_NOTE).toWellFormed() || 'no reason',
  };
}
