import type { CommitId, Records } from '@daggerml/object-model';
import type { ExecProblem } from '@daggerml/remotes';
import { lowerValue } from '@daggerml/values';
import type { CallExec } from '../cache/cache-lookup.ts';
import type { Executor } from '../executor.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type CallResult, putResultCommit } from './result-commit.ts';
import type { CommitAuthor, SnapshotCall } from './snapshot.ts';

/** A call of a snapshot, to be run. */
export interface JobRun {
  readonly executionUuid: string;
  readonly snapshotId: CommitId;
  readonly call: SnapshotCall;
  readonly author: CommitAuthor;
  readonly signal: AbortSignal;
}

/** Result of a job: a commit in some objects, or a failure that is none of the function. */
export type JobResult =
  | {
      readonly commitId: CommitId;
      readonly outcome: 'ok' | 'error';
      readonly isCached: boolean;
      readonly objects: RunObjects;
    }
  | { readonly problem: ExecProblem };

/**
 * Runs a call through an Executor of its own and makes its result commit; its outcome is published by then, where the
 * Executor publishes outcomes. Rejects with the error of a store that failed.
 */
export async function runJob(executor: Executor, job: JobRun): Promise<JobResult> {
  const { executionUuid, snapshotId, call, author, signal } = job;
  const { cache, retryFailed, retries = 0, retryOn, timeoutMs, needs } = call.options;
  const open = executor.openRun({
    workName: `job/${executionUuid}`,
    base: undefined,
    actor: author.actor,
    signal,
    // Whoever took the job has what it needs.
    ...(needs && { resources: needs }),
  });
  try {
    const { run, objects } = open;
    const inputs = call.inputDatumIds.map((datumId) => run.addLiteral(datumId));
    const options = {
      ...(cache !== undefined && { cache }),
      ...(retryFailed !== undefined && { retryFailed }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(needs && { needs }),
      // Its Caller makes other attempts, but for those after a throw: what was thrown is known here alone.
      // @spec DML-EXE-1534
      ...(retryOn ? { retries, retryOn } : { retries: 0 }),
    };
    const { functionDatumId, limits } = call;
    const node = run.addCall({ functionDatumId, options, limits }, inputs);
    await run.settled(node);
    run.assertOpen();
    if (node.execId === undefined) {
      const { code = 'worker_lost', message = 'the call did not come to an outcome' } = node.failure ?? {};
      return { problem: { code, reason: message } };
    }
    const exec = callExec(objects.read('exec', node.execId));
    const result = resultOf(exec, objects, author.nowMs);
    const of = { nodeId: call.nodeId, snapshotId };
    const commitId = putResultCommit(result, of, { objects, author });
    const isCached = exec.sourceExecId !== null || exec.startedMs === null;
    return { commitId, outcome: result.outcome, isCached, objects };
  } finally {
    await open.close();
  }
}

function callExec(exec: Records['exec']): CallExec {
  if (exec.nodeKind !== 'call') throw new TypeError('the exec of a call is one of something else');
  return exec;
}

/** Returns what an exec says; of one that was derived from another, what that one says. */
function resultOf(exec: CallExec, objects: RunObjects, nowMs: number): CallResult {
  const sourceExec = exec.sourceExecId === null ? undefined : objects.get('exec', exec.sourceExecId);
  const source = sourceExec ? callExec(sourceExec) : exec;
  const finishedMs = source.finishedMs ?? nowMs;
  return {
    outcome: exec.status,
    resultDagId: exec.resultDagId,
    pins: exec.pins,
    startedMs: source.startedMs ?? finishedMs,
    finishedMs,
    receiptDatumId: source.receiptDatumId ?? lowerValue({ schema: 1 }, objects, 'receipt'),
  };
}
