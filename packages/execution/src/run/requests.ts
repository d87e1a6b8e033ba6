import { randomUUID } from 'node:crypto';
import type { ExecRequestId, ExecutionKey } from '@daggerml/object-model';
import { type Attempt as AttemptRow, wholeMs } from '@daggerml/store';
import type { RunIndex } from '../cache/run-index.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { Attempt } from './attempts.ts';
import { computedOf } from './run-node.ts';

/** The durable intent to run a call, and how far that is. */
export interface Request {
  readonly requestId: ExecRequestId;
  readonly executionUuid: string;
  readonly executionKey: ExecutionKey;
  readonly submittedMs: number;
  tries: number;
  /** The token that is in the store. */
  savedToken: string | null;
  /** True when the backend has said that the job has ended, so that another attempt is another job. */
  hasEnded: boolean;
}

interface RequestsOptions {
  readonly index: RunIndex;
  readonly objects: RunObjects;
  readonly nowMs: () => number;
}

/**
 * Records that a run writes about calls whose attempts go on without its process: the exec-request before the
 * submission, and each token before it is used.
 */
export class Requests {
  readonly #options: RequestsOptions;
  /** Calls that came to an end without an outcome. */
  #ended: Attempt[] = [];

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /**
   * Assigns requests to attempts that are about to be submitted, those of an interrupted run where they are open, and
   * writes them. An attempt that is under way already has its newest token then, and is to be polled.
   */
  prepare(attempts: readonly Attempt[]): void {
    const over: string[] = [];
    for (const attempt of attempts) {
      if (attempt.request?.hasEnded) over.push(attempt.request.executionUuid);
      // @spec DML-EXE-1204
      const known = attempt.request?.hasEnded ? undefined : attempt.request;
      attempt.request =
        known ??
        this.#openRequest(attempt) ??
        this.#newRequest(attempt, computedOf(attempt.node).executionKey);
      attempt.request.tries += 1;
      if (known || attempt.request.savedToken === null) continue;
      attempt.token = attempt.request.savedToken;
      // @spec DML-EXE-3227
      attempt.startedMs = attempt.request.submittedMs;
    }
    // @spec DML-EXE-1201
    this.#options.index.keepRequests(attempts.map(entryOf), (transaction) => {
      for (const executionUuid of over) transaction.deleteAttempt(executionUuid);
      for (const attempt of attempts) transaction.putAttempt(rowOf(attempt));
    });
  }

  /** Writes the tokens that are about to be used for polls, in one transaction where any is new. */
  keepTokens(attempts: readonly Attempt[]): void {
    const changed = attempts.filter(({ request, token }) => request && request.savedToken !== token);
    if (changed.length === 0) return;
    this.#options.objects.store.transact('tokens', (transaction) => {
      for (const attempt of changed) transaction.putAttempt(rowOf(attempt));
    });
    for (const { request, token } of changed) if (request) request.savedToken = token ?? null;
  }

  /** Notes that a call has come to its end without an outcome, and its job with it. */
  end(attempt: Attempt): void {
    this.#ended.push(attempt);
    if (this.#ended.length === 1) queueMicrotask(() => this.#giveUp(this.#ended.splice(0)));
  }

  /** Puts requests that nothing was submitted for in the place of those whose jobs have ended. */
  #giveUp(attempts: readonly Attempt[]): void {
    const over = attempts.map(({ request }) => (request as Request).executionUuid);
    try {
      for (const attempt of attempts)
        attempt.request = this.#newRequest(attempt, (attempt.request as Request).executionKey);
      // @spec DML-EXE-3009
      this.#options.index.keepRequests(attempts.map(entryOf), (transaction) => {
        for (const executionUuid of over) transaction.deleteAttempt(executionUuid);
      });
    } catch {
      // A store that fails has ended the run already; the next one finds the jobs as they are.
    }
  }

  /** Returns the request that an interrupted run of the same work left open. */
  #openRequest({ node }: Attempt): Request | undefined {
    const { index, objects } = this.#options;
    // @spec DML-EXE-1203
    const requestId = node.callee?.options.cache === false ? undefined : index.openRequest(node.nodeId);
    const record = requestId && objects.get('exec-request', requestId);
    const { executionKey } = computedOf(node);
    if (!record || record.executionKey !== executionKey) return undefined;
    const { executionUuid, createdMs } = record;
    // @spec DML-EXE-1206
    const row = objects.store.getAttempt(executionUuid);
    // @spec DML-EXE-1202
    return {
      requestId,
      executionUuid,
      executionKey,
      submittedMs: row?.submittedMs ?? createdMs,
      tries: row?.tries ?? 0,
      savedToken: row?.token ?? null,
      hasEnded: false,
    };
  }

  #newRequest({ node }: Attempt, executionKey: ExecutionKey): Request {
    const { objects, nowMs } = this.#options;
    const createdMs = Math.max(0, wholeMs(nowMs()));
    const executionUuid = randomUUID();
    const options = node.callee?.options;
    const requestId = objects.put({
      type: 'exec-request',
      nodeId: node.nodeId,
      executionKey,
      executionUuid,
      cache: options?.cache !== false,
      retryFailed: options?.retryFailed === true,
      needsDatumId: null,
      snapshotCommitId: null,
      remoteUri: null,
      createdMs,
      detailsDatumId: null,
    });
    return {
      requestId,
      executionUuid,
      executionKey,
      submittedMs: createdMs,
      tries: 0,
      savedToken: null,
      hasEnded: false,
    };
  }
}

function entryOf({ node, request }: Attempt): readonly [Attempt['node']['nodeId'], ExecRequestId] {
  return [node.nodeId, (request as Request).requestId];
}

function rowOf({ node, request, token }: Attempt): Omit<AttemptRow, 'changedMs'> {
  const { requestId, executionUuid, executionKey, tries, submittedMs } = request as Request;
  return {
    executionUuid,
    requestId,
    nodeId: node.nodeId,
    executionKey,
    state: token === undefined ? 'submitted' : 'pending',
    token: token ?? null,
    tries,
    submittedMs,
    nextPollMs: null,
  };
}
