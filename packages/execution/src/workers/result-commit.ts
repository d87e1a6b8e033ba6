import {
  buildTree,
  type CommitId,
  type DagId,
  type DatumId,
  isDmlError,
  type NodeId,
  type Records,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import { dagNodes, type readFailure } from '@daggerml/repository';
import { ownCommitFacts } from '@daggerml/store';
import { liftDatum, lowerValue } from '@daggerml/values';
import { z } from 'zod';
import { executionError } from '../errors.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { CommitAuthor } from './snapshot.ts';

/** Schema of the details of result commits that this version makes and reads. */
const RESULT_SCHEMA = 1;

/** Result of a call, as an exec has it and as a result commit carries it. */
export interface CallResult {
  readonly outcome: 'ok' | 'error';
  readonly resultDagId: DagId;
  readonly pins: TreeRoot<'pins'>;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly receiptDatumId: DatumId;
}

/** The call and snapshot that a result commit is of. */
export interface ResultOf {
  readonly nodeId: NodeId;
  readonly snapshotId: CommitId;
}

function nameOf(nodeId: NodeId): string {
  return `result-${nodeId}`;
}

const timeSchema = z.int().min(0);
const detailsSchema = z.strictObject({
  schema: z.literal(RESULT_SCHEMA),
  outcome: z.enum(['ok', 'error']),
  startedMs: timeSchema,
  finishedMs: timeSchema,
  receipt: z.custom<object>((value) => typeof value === 'object' && value !== null, 'no receipt'),
});

/** Stores the result commit of a call. */
export function putResultCommit(
  { outcome, resultDagId, pins, startedMs, finishedMs, receiptDatumId }: CallResult,
  { nodeId, snapshotId }: ResultOf,
  { objects, author }: { readonly objects: RunObjects; readonly author: CommitAuthor },
): CommitId {
  const receipt = liftDatum(objects, receiptDatumId);
  const details = { schema: RESULT_SCHEMA, outcome, startedMs, finishedMs, receipt };
  const dags = buildTree('dags', [[nameOf(nodeId), resultDagId]], objects);
  return objects.put({
    type: 'commit',
    treeId: objects.put({ type: 'tree', dags }),
    parentCommitIds: [snapshotId],
    pins,
    requests: [],
    ...ownCommitFacts(author.actor, author.nowMs, 'the result of a call'),
    detailsDatumId: lowerValue(details, objects, 'details'),
  });
}

/**
 * Reads the result of a call from a commit; throws `wrong_result` for one that is no result commit of the call and its
 * snapshot, and for one of a later version.
 *
 * @spec DML-EXE-1312
 */
export function readResultCommit(
  commitId: CommitId,
  { nodeId, snapshotId }: ResultOf,
  objects: RunObjects,
): CallResult {
  try {
    return readChecked(commitId, { nodeId, snapshotId }, objects);
  } catch (error) {
    if (!isDmlError(error) || error.code === 'wrong_result') throw error;
    // Whatever cannot be read of it is the fault of who made it, unless the store says that it cannot be read at all.
    if (error.code === 'object_missing' || error.code === 'invalid_payload') throw wrong(error.message);
    throw error;
  }
}

function readChecked(commitId: CommitId, { nodeId, snapshotId }: ResultOf, objects: RunObjects): CallResult {
  const commit = objects.read('commit', commitId);
  const [parentId, ...otherParents] = commit.parentCommitIds;
  // @spec DML-EXE-1602
  if (parentId !== snapshotId || otherParents.length > 0)
    throw wrong('its only parent is not the snapshot of the call');
  const [dag, ...otherDags] = treeEntries('dags', objects.read('tree', commit.treeId).dags, objects);
  // @spec DML-EXE-1607
  if (dag?.[0] !== nameOf(nodeId) || otherDags.length > 0)
    throw wrong('it has other dags than that of the call');
  if ([...treeEntries('requests', commit.requests, objects)].length > 0) throw wrong('it has requests');
  const resultDagId = dag[1];
  checkPins(commit, resultDagId, objects);
  const details = readDetails(commit, objects);
  const { outcome, startedMs, finishedMs } = details;
  const receiptDatumId = lowerValue(details.receipt, objects, 'receipt');
  const result: CallResult = {
    outcome,
    resultDagId,
    pins: commit.pins,
    startedMs,
    finishedMs,
    receiptDatumId,
  };
  // @spec DML-EXE-1609
  if (outcome === 'error') failureOfResult(result, objects);
  return result;
}

/** @spec DML-EXE-1608 */
function checkPins(commit: Records['commit'], resultDagId: DagId, objects: RunObjects): void {
  const pinned = new Map(treeEntries('pins', commit.pins, objects));
  for (const each of dagNodes(resultDagId, objects)) {
    const { kind } = objects.read('node', each);
    if (kind !== 'call' && kind !== 'builtin') continue;
    const execId = pinned.get(each);
    if (execId === undefined || objects.read('exec', execId).nodeId !== each)
      throw wrong('a call in its dag has no outcome');
    pinned.delete(each);
  }
  if (pinned.size > 0) throw wrong('it has outcomes of calls that are not in its dag');
}

function readDetails(
  { detailsDatumId }: Records['commit'],
  objects: RunObjects,
): z.infer<typeof detailsSchema> {
  const value = detailsDatumId === null ? undefined : liftDatum(objects, detailsDatumId);
  const schema = z.looseObject({ schema: z.int().min(1) }).safeParse(value).data?.schema ?? 0;
  // @spec DML-EXE-0882
  if (schema > RESULT_SCHEMA)
    throw wrong(`it is of a newer version of DaggerML (schema ${schema}); upgrade DaggerML here`);
  const read = detailsSchema.safeParse(value);
  if (!read.success || read.data.finishedMs < read.data.startedMs)
    throw wrong('its details are not those of a result');
  return read.data;
}

/** Reads the failure that a result with outcome `error` records; throws `wrong_result` where it has none. */
export function failureOfResult(
  { resultDagId }: Pick<CallResult, 'resultDagId'>,
  objects: RunObjects,
): ReturnType<typeof readFailure> {
  const rootNodeId = objects.read('dag', resultDagId).rootNodeId;
  const root = objects.read('node', rootNodeId);
  const value = root.kind === 'literal' ? liftDatum(objects, root.datumId) : undefined;
  const failure = failureSchema.safeParse(value);
  if (!failure.success) throw wrong('it says that the call failed, and has no failure');
  const { code, message, trace = [] } = failure.data;
  return { code, message, trace };
}

const failureSchema = z.looseObject({
  class: z.literal('deterministic'),
  code: z.string(),
  message: z.string(),
  trace: z.array(z.string()).optional(),
});

function wrong(message: string): Error {
  return executionError('wrong_result', { message });
}
