import type { CallOptions } from '@daggerml/capture';
import {
  buildTree,
  type CommitId,
  type DatumId,
  isIdText,
  type NodeId,
  type Records,
  treeEntries,
} from '@daggerml/object-model';
import { ownCommitFacts } from '@daggerml/store';
import { liftDatum, lowerValue } from '@daggerml/values';
import { z } from 'zod';
import type { Submission } from '../adapters/port.ts';
import { executionError } from '../errors.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { areOptions } from '../run/call-options.ts';
import type { ScriptLimits } from '../script/script-limits.ts';

/** Schema of the details of snapshots that this version makes and reads. */
const SNAPSHOT_SCHEMA = 1;

/** Prefix of the name of a snapshot's dag; the id of the call's node follows. */
const PREFIX = 'call-';

/** Options of a call that decide how a worker runs it. */
export type SnapshotOptions = Pick<
  CallOptions,
  'cache' | 'retryFailed' | 'retries' | 'retryOn' | 'timeoutMs' | 'needs'
>;

/** A call as a snapshot has it. */
export interface SnapshotCall {
  /** Node of the call in the dag of its Caller. */
  readonly nodeId: NodeId;
  /** The call on literals of its inputs in the dag of the snapshot. */
  readonly rootNodeId: NodeId;
  readonly functionDatumId: DatumId;
  readonly inputDatumIds: readonly DatumId[];
  readonly options: SnapshotOptions;
  readonly limits: ScriptLimits | undefined;
}

/** Author of a commit, and its time. */
export interface CommitAuthor {
  readonly actor: string;
  readonly nowMs: number;
}

const limitsSchema: z.ZodType<ScriptLimits> = z.strictObject({
  maxMemoryMb: z.number().positive().optional(),
  maxOutputMb: z.number().positive().optional(),
  readable: z.array(z.string()).optional(),
});

const detailsSchema = z.strictObject({
  schema: z.literal(SNAPSHOT_SCHEMA),
  options: z.custom<SnapshotOptions>(areOptions, 'no options of a call'),
  limits: limitsSchema.optional(),
});

/**
 * Stores the snapshot of a call: its function and the values of its inputs, and nothing of the history behind them.
 *
 * @spec DML-EXE-1601
 */
export function putSnapshot(
  { nodeId, inputDatumIds, options = {}, timeoutMs, limits }: Submission,
  objects: RunObjects,
  { actor, nowMs }: CommitAuthor,
): CommitId {
  const call = objects.read('node', nodeId);
  if (call.kind !== 'call') throw new TypeError(`the node ${nodeId} is no call`);
  const literals = inputDatumIds.map((datumId) => objects.put({ type: 'node', kind: 'literal', datumId }));
  const { functionDatumId } = call;
  const inputs = buildTree('inputs', literals, objects);
  const rootNodeId = objects.put({ type: 'node', kind: 'call', functionDatumId, inputs });
  const dagId = objects.put({ type: 'dag', rootNodeId, names: [] });
  const { cache, retryFailed, retries, retryOn, needs } = options;
  const given = { cache, retryFailed, retries, retryOn, needs, timeoutMs };
  const details = {
    schema: SNAPSHOT_SCHEMA,
    options: withoutUndefined(given),
    ...(limits && { limits: withoutUndefined(limits) }),
  };
  const dags = buildTree('dags', [[`${PREFIX}${nodeId}`, dagId]], objects);
  return objects.put({
    type: 'commit',
    treeId: objects.put({ type: 'tree', dags }),
    parentCommitIds: [],
    pins: [],
    requests: [],
    ...ownCommitFacts(actor, nowMs, 'a call to run'),
    detailsDatumId: lowerValue(details, objects, 'details'),
  });
}

function withoutUndefined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/**
 * Reads the call of a snapshot; throws `snapshot_invalid` for a commit that is none.
 *
 * @spec DML-EXE-1610
 */
export function readSnapshot(commitId: CommitId, objects: RunObjects): SnapshotCall {
  const commit = objects.read('commit', commitId);
  const { nodeId, dag } = onlyDag(commit, objects);
  const call = objects.read('node', dag.rootNodeId);
  if (call.kind !== 'call') throw invalid('its dag is not that of a call');
  const inputDatumIds = Array.from(treeEntries('inputs', call.inputs, objects), (inputId) => {
    const input = objects.read('node', inputId);
    if (input.kind !== 'literal') throw invalid('an input of its call is no value');
    return input.datumId;
  });
  const { detailsDatumId } = commit;
  const details = detailsDatumId === null ? undefined : liftDatum(objects, detailsDatumId);
  const read = detailsSchema.safeParse(details);
  if (!read.success) throw invalid('its details are not of this version');
  const { options, limits } = read.data;
  const { functionDatumId } = call;
  return { nodeId, rootNodeId: dag.rootNodeId, functionDatumId, inputDatumIds, options, limits };
}

function onlyDag(
  commit: Records['commit'],
  objects: RunObjects,
): { readonly nodeId: NodeId; readonly dag: Records['dag'] } {
  const [first, ...others] = treeEntries('dags', objects.read('tree', commit.treeId).dags, objects);
  const nodeId = first?.[0].startsWith(PREFIX) ? first[0].slice(PREFIX.length) : '';
  if (first === undefined || others.length > 0 || !isIdText(nodeId)) throw invalid('it is not of one call');
  return { nodeId: nodeId as NodeId, dag: objects.read('dag', first[1]) };
}

function invalid(message: string): Error {
  return executionError('snapshot_invalid', { message });
}
