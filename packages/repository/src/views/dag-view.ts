import {
  type DagId,
  type DatumId,
  type ExecId,
  type NodeId,
  type NodeRecord,
  treeEntries,
} from '@daggerml/object-model';
import { type RecordedFailure, readFailure } from '../nodes/error-dag.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import type { RecordSource } from '../nodes/stored-value.ts';
import { type RecordedReplay, recordedReplays } from '../replays/recorded-replays.ts';
import { RecordReader } from '../workspace/record-reader.ts';

/** One node of a dag and what became of it. */
export interface NodeView {
  readonly nodeId: NodeId;
  readonly kind: NodeRecord['kind'];
  /** Names that the dag gives the node; `root` for its root. */
  readonly names: readonly string[];
  /** Value of a literal. */
  readonly datumId?: DatumId;
  /** The dag and name that an import takes. */
  readonly imported?: { readonly dagId: DagId; readonly name: string };
  /** URI of the function of a call or builtin. */
  readonly function?: string;
  readonly inputNodeIds: readonly NodeId[];
  /** Outcome of a call or builtin in the scope; absent while there is none. */
  readonly outcome?: OutcomeView;
}

export interface OutcomeView {
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** Failure that a call recorded; absent for `ok`. */
  readonly failure?: RecordedFailure;
  /** Time the call took; absent for builtins and for outcomes taken over from another call. */
  readonly durationMs?: number;
  /** Set when the outcome was taken over from an equal call. */
  readonly sourceExecId?: ExecId;
  /** Last replay of the call; absent where there was none. */
  readonly replay?: RecordedReplay;
}

/** Lists the nodes that a dag's root and names reach, inputs before the nodes that use them. */
export function nodesOf(reader: RecordSource, dagId: DagId, scope: PinScope): NodeView[] {
  const names = namesIn(reader, dagId);
  const views = new Map<NodeId, NodeView>();
  const open: { readonly nodeId: NodeId; readonly record?: NodeRecord }[] = [...names.keys()]
    .reverse()
    .map((nodeId) => ({ nodeId }));
  // Depth first without recursion: a chain of a hundred thousand calls is a dag like any other.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { nodeId } = next;
    if (views.has(nodeId)) continue;
    const record = next.record ?? reader.read('node', nodeId);
    const inputNodeIds = inputsOf(reader, record);
    const missing = inputNodeIds.filter((input) => !views.has(input));
    if (next.record === undefined && missing.length > 0) {
      open.push({ nodeId, record }, ...missing.reverse().map((input) => ({ nodeId: input })));
      continue;
    }
    views.set(
      nodeId,
      viewOf(reader, { nodeId, record, inputNodeIds, names: names.get(nodeId) ?? [] }, scope),
    );
  }
  return [...views.values()];
}

/**
 * Lists the calls that the function of a call has made, inputs before the calls that use them.
 *
 * @spec DML-REP-0043
 */
export function callsMadeIn(reader: RecordReader, { execId }: OutcomeView): NodeView[] {
  const exec = reader.read('exec', execId);
  if (exec.nodeKind !== 'call' || exec.pins.length === 0) return [];
  const nodes = nodesOf(reader, exec.resultDagId, treeScope(exec.pins, reader));
  return nodes.filter(({ kind }) => kind === 'call');
}

/** Lists the calls of a dag, inputs before the calls that use them. */
export function callsOf(reader: RecordSource, dagId: DagId): NodeId[] {
  const nodes = nodesOf(reader, dagId, { getPin: () => undefined });
  return nodes.flatMap(({ nodeId, kind }) => (kind === 'call' ? [nodeId] : []));
}

/** Describes one node with the names that a dag gives it. */
export function nodeOf(
  reader: RecordReader,
  nodeId: NodeId,
  { scope, names = NO_NAMES }: { readonly scope: PinScope; readonly names?: NodeNames },
): NodeView {
  const record = reader.read('node', nodeId);
  const inputNodeIds = inputsOf(reader, record);
  return viewOf(reader, { nodeId, record, inputNodeIds, names: names.get(nodeId) ?? [] }, scope);
}

/** The names that a dag gives to nodes. */
export type NodeNames = ReadonlyMap<NodeId, readonly string[]>;

const NO_NAMES: NodeNames = new Map();

/** Reads the names of a dag by their nodes, `root` for its root. */
export function namesIn(reader: RecordSource, dagId: DagId): NodeNames {
  const dag = reader.read('dag', dagId);
  const names = new Map<NodeId, string[]>([[dag.rootNodeId, ['root']]]);
  for (const [name, nodeId] of treeEntries('names', dag.names, reader))
    names.set(nodeId, [...(names.get(nodeId) ?? []), name]);
  return names;
}

function inputsOf(reader: RecordSource, record: NodeRecord): NodeId[] {
  return 'inputs' in record ? [...treeEntries('inputs', record.inputs, reader)] : [];
}

function viewOf(
  reader: RecordSource,
  {
    nodeId,
    record,
    inputNodeIds,
    names,
  }: Pick<NodeView, 'nodeId' | 'inputNodeIds' | 'names'> & { record: NodeRecord },
  scope: PinScope,
): NodeView {
  const view = { nodeId, kind: record.kind, names, inputNodeIds };
  if (record.kind === 'literal') return { ...view, datumId: record.datumId };
  if (record.kind === 'import') return { ...view, imported: { dagId: record.dagId, name: record.name } };
  const uri = reader.read('datum', record.functionDatumId);
  const execId = scope.getPin(nodeId);
  return {
    ...view,
    ...(uri.kind === 'uri' && { function: uri.value }),
    ...(execId !== undefined && { outcome: outcomeOf(reader, execId) }),
  };
}

/** Describes an outcome. */
export function outcomeOf(reader: RecordSource, execId: ExecId): OutcomeView {
  const exec = reader.read('exec', execId);
  const outcome: OutcomeView = {
    execId,
    status: exec.status,
    ...(exec.status === 'error' && { failure: readFailure(exec, reader) }),
  };
  if (exec.nodeKind === 'builtin') return outcome;
  const { startedMs, finishedMs, sourceExecId } = exec;
  // @spec DML-REP-0430
  const replay =
    reader instanceof RecordReader ? recordedReplays(reader).get(sourceExecId ?? execId) : undefined;
  return {
    ...outcome,
    ...(startedMs !== null && finishedMs !== null && { durationMs: finishedMs - startedMs }),
    ...(sourceExecId !== null && { sourceExecId }),
    ...(replay && { replay }),
  };
}
