import {
  type CommitId,
  type ExecRequestId,
  isNewerFormat,
  type PageId,
  treeEntries,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRows } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { readObject, readRecord } from '../objects/objects.ts';
import { isMissingOnPurpose } from '../objects/stubs.ts';
import { readRefs } from '../refs/refs.ts';
import type { Transactor } from '../write-transaction.ts';
import {
  type Attempt,
  type AttemptOrigin,
  decodeAttempt,
  isSameOrigin,
  originOf,
  putAttempt,
} from './attempts.ts';
import { objectKey, uuidKey } from './keyspace.ts';

/** The number of rows of attempts that were kept, added and removed. */
export interface AttemptsRebuilt {
  readonly kept: number;
  readonly added: number;
  readonly removed: number;
}

interface HeldRequest extends AttemptOrigin {
  readonly createdMs: number;
}

/**
 * Makes the rows of attempts follow the exec-requests that the commits of IndexRefs hold, in one transaction.
 *
 * A request without a row that can be read gets one in the state `submitted`, whose token a submission under the same
 * UUID brings back. Rows of no such request go; rows of a later schema stay. Costs as much as there are requests, and
 * throws, with every row as it was, where a commit of an IndexRef or its requests cannot be read.
 */
export function rebuildAttempts(host: Transactor): AttemptsRebuilt {
  return host.transact('attempts/rebuild', (transaction) => {
    // @spec DML-STO-0572
    const missing = heldRequests(transaction.engine);
    let kept = 0;
    let removed = 0;
    for (const { key, value } of readRows(transaction.engine, 'attempts')) {
      const held = missing.get(key.toString('hex'));
      if (isKept(key, value, held)) {
        kept += 1;
        missing.delete(key.toString('hex'));
      } else if (held === undefined) {
        // @spec DML-STO-0569
        transaction.deleteRow('attempts', key);
        removed += 1;
      }
    }
    // @spec DML-STO-0568
    for (const held of missing.values()) putAttempt(transaction, submitted(held));
    return { kept, added: missing.size, removed };
  });
}

function submitted({ createdMs, ...origin }: HeldRequest): Omit<Attempt, 'changedMs'> {
  return {
    ...origin,
    state: 'submitted',
    token: null,
    tries: 0,
    submittedMs: createdMs,
    nextPollMs: null,
  };
}

/** Checks whether a row stays as it is: one of the held request, or of a later schema. */
function isKept(key: Buffer, value: Buffer, held: HeldRequest | undefined): boolean {
  try {
    const attempt = decodeAttempt(key, value);
    return held !== undefined && isSameOrigin(attempt, held);
  } catch (error) {
    // @spec DML-STO-0571
    return isNewerFormat(error);
  }
}

/** Collects the exec-requests of all IndexRefs by the key of their rows; of two with one UUID the later counts. */
function heldRequests(engine: Engine): Map<string, HeldRequest> {
  const held = new Map<string, HeldRequest>();
  for (const { commitId } of readRefs(engine, 'index')) {
    for (const request of requestsOf(engine, commitId)) {
      const name = uuidKey(request.executionUuid).toString('hex');
      const other = held.get(name);
      if (other === undefined || isLater(request, other)) held.set(name, request);
    }
  }
  return held;
}

function isLater(request: HeldRequest, other: HeldRequest): boolean {
  if (request.createdMs !== other.createdMs) return request.createdMs > other.createdMs;
  return request.requestId > other.requestId;
}

function* requestsOf(engine: Engine, commitId: CommitId): Generator<HeldRequest, void, undefined> {
  const commit = readRecord(engine, 'commit', commitId);
  if (commit === undefined) throw storeError('object_missing', { class: 'commit', objectId: commitId });
  const pages = { getPage: (pageId: PageId) => readObject(engine, 'page', pageId) };
  for (const [, requestId] of treeEntries('requests', commit.requests, pages)) {
    const request = readHeld(engine, requestId);
    if (request !== undefined) yield request;
  }
}

/** Reads a request that a commit holds; undefined for one that was taken away on purpose. */
function readHeld(engine: Engine, requestId: ExecRequestId): HeldRequest | undefined {
  const key = objectKey('exec-request', requestId) as Buffer;
  if (isMissingOnPurpose(engine, key)) return undefined;
  const request = readRecord(engine, 'exec-request', requestId);
  if (request === undefined)
    throw storeError('object_missing', { class: 'exec-request', objectId: requestId });
  return { ...originOf(requestId, request), createdMs: request.createdMs };
}
