import { type ExecRequestId, type ExecutionKey, type NodeId, objectModelError } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRow, readRows } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { readRecord } from '../objects/objects.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { decodeJsonRow, encodeJsonRow } from './checksummed-row.ts';
import { isUuid, uuidKey } from './keyspace.ts';

/** Schema of the rows that this code writes. */
const SCHEMA = 1;

/** Longest execution token, in bytes of UTF-8. */
const MAX_TOKEN_BYTES = 65_536;

/** The state of an attempt: submitted, under way, or to be submitted again later. */
export type AttemptState = 'submitted' | 'pending' | 'retry_wait';

const STATES: readonly AttemptState[] = ['submitted', 'pending', 'retry_wait'];

/** The progress of a call that goes through an adapter; its exec-request says what was asked. */
export interface Attempt {
  readonly executionUuid: string;
  readonly requestId: ExecRequestId;
  readonly nodeId: NodeId;
  readonly executionKey: ExecutionKey;
  readonly state: AttemptState;
  /** The newest token of the adapter, as it gave it; null before the first. */
  readonly token: string | null;
  /** Submissions so far. */
  readonly tries: number;
  readonly submittedMs: number;
  readonly changedMs: number;
  /** Time of the next poll or submission; null where that has not been decided. */
  readonly nextPollMs: number | null;
}

/** Writes the row of an attempt in place of the one that is there; see `WriteTransaction.putAttempt`. */
export function putAttempt(transaction: WriteTransaction, attempt: Omit<Attempt, 'changedMs'>): void {
  const { requestId } = attempt;
  const request = readRecord(transaction.engine, 'exec-request', requestId);
  // @spec DML-STO-0562
  if (request === undefined)
    throw storeError('object_missing', { class: 'exec-request', objectId: requestId });
  const { executionUuid, nodeId, executionKey } = request;
  const isOfRequest =
    attempt.executionUuid === executionUuid &&
    attempt.nodeId === nodeId &&
    attempt.executionKey === executionKey;
  // @spec DML-STO-0563
  if (!isOfRequest) throw storeError('store_misuse', { detail: 'attempt_request' });
  // @spec DML-STO-0564
  if (!hasForm(attempt)) throw storeError('store_misuse', { detail: 'attempt_form' });
  const { state, token, tries, submittedMs, nextPollMs } = attempt;
  const key = uuidKey(executionUuid);
  const changedMs = transaction.environment.nowMs();
  // @spec DML-STO-0561
  const row = {
    schema: SCHEMA,
    ...{ executionUuid, requestId, nodeId, executionKey },
    ...{ state, token, tries, submittedMs, changedMs, nextPollMs },
  };
  transaction.putRow('attempts', key, encodeJsonRow('attempts', key, row));
}

function hasForm({ state, token, tries, submittedMs, nextPollMs }: Omit<Attempt, 'changedMs'>): boolean {
  const isToken =
    token === null || (typeof token === 'string' && Buffer.byteLength(token, 'utf8') <= MAX_TOKEN_BYTES);
  const counts = [tries, submittedMs, ...(nextPollMs === null ? [] : [nextPollMs])];
  return (
    STATES.includes(state) && isToken && counts.every((count) => Number.isSafeInteger(count) && count >= 0)
  );
}

/**
 * Reads the attempt under a key; throws `store_damaged` for a row that rotted and the object model's `newer_schema`
 * for one of a later schema.
 */
export function decodeAttempt(key: Uint8Array, row: Uint8Array): Attempt {
  const { schema, ...attempt } = decodeJsonRow<Attempt & { readonly schema: number }>('attempts', key, row);
  if (!Number.isSafeInteger(schema) || schema < 1)
    throw storeError('store_damaged', { table: 'attempts', detail: 'row_form' });
  // @spec DML-STO-0566
  if (schema > SCHEMA)
    throw objectModelError('newer_schema', { fields: { table: 'attempts', schema, supported: SCHEMA } });
  return attempt;
}

/** Reads the attempt of an execution UUID, undefined when there is none. */
export function readAttempt(engine: Engine, executionUuid: string): Attempt | undefined {
  if (!isUuid(executionUuid)) return undefined;
  const key = uuidKey(executionUuid);
  const row = readRow(engine, 'attempts', key);
  return row && decodeAttempt(key, row);
}

/** Reads all attempts at one snapshot, sorted by execution UUID. */
export function readAttempts(engine: Engine): Attempt[] {
  // @spec DML-STO-0567
  return readRows(engine, 'attempts').map((row) => decodeAttempt(row.key, row.value));
}
