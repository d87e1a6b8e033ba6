import type { DagId, ExecId, NodeId } from '@daggerml/object-model';
import { repositoryError } from '../errors.ts';
import type { NamedObject } from '../names/named-object.ts';
import { callText } from '../views/call-text.ts';
import { dagsOf } from '../views/commit-view.ts';
import { callsMadeIn, namesIn, nodesOf, outcomeOf } from '../views/dag-view.ts';
import { scopeOf, storedOutcomes } from '../views/node-scope.ts';
import type { RecordReader } from '../workspace/record-reader.ts';

/** A call that has an outcome. */
export interface FoundCall {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  /** The call as its author would write it. */
  readonly text: string;
}

/**
 * Lists the calls with an outcome that a name stands for: one for a call or an exec, all for a dag or a commit with one
 * dag, with those that their functions have made, inputs first.
 *
 * Throws `not_executed` for a call without an outcome, and `wrong_class` for anything else.
 *
 * @spec DML-REP-0402
 */
export function findCalls(reader: RecordReader, name: string, found: NamedObject): readonly FoundCall[] {
  switch (found.class) {
    case 'exec':
      return [callOfExec(reader, name, found.objectId as ExecId)];
    case 'node':
      return [callOfNode(reader, name, found)];
    case 'dag':
      return callsOfDag(reader, found);
    case 'commit': {
      const [only, ...others] = dagsOf(reader, reader.read('commit', found.objectId));
      if (only !== undefined && others.length === 0)
        return callsOfDag(reader, { ...found, class: 'dag', objectId: only.dagId });
    }
  }
  throw noCall(name, found.class);
}

/** @spec DML-REP-0403 */
function noCall(name: string, found: string): Error {
  return repositoryError('wrong_class', { name, found }, undefined, 'no_call');
}

function callOfExec(reader: RecordReader, name: string, execId: ExecId): FoundCall {
  const { nodeId, nodeKind } = reader.read('exec', execId);
  if (nodeKind !== 'call') throw noCall(name, nodeKind);
  return { nodeId, execId, text: callText(reader, nodeId, { nameOf: () => undefined }).text };
}

function callOfNode(reader: RecordReader, name: string, found: NamedObject): FoundCall {
  const nodeId = found.objectId as NodeId;
  const { kind } = reader.read('node', nodeId);
  if (kind !== 'call') throw noCall(name, kind);
  const scope = scopeOf(reader, found);
  const execId = scope.getPin(nodeId) ?? storedOutcomes(reader, scope, nodeId)[0]?.execId;
  if (execId === undefined) throw repositoryError('not_executed', { nodeId });
  const names = found.insideDagId === undefined ? undefined : namesIn(reader, found.insideDagId);
  return { nodeId, execId, text: callText(reader, nodeId, { nameOf: (id) => names?.get(id)?.[0] }).text };
}

function callsOfDag(reader: RecordReader, found: NamedObject): readonly FoundCall[] {
  const dagId = found.objectId as DagId;
  const names = namesIn(reader, dagId);
  const nameOf = (nodeId: NodeId): string | undefined => names.get(nodeId)?.[0];
  const calls = new Map<ExecId, FoundCall>();
  const add = (nodeId: NodeId, execId: ExecId | undefined): void => {
    if (execId === undefined || calls.has(execId)) return;
    calls.set(execId, { nodeId, execId, text: callText(reader, nodeId, { nameOf }).text });
    for (const made of callsMadeIn(reader, outcomeOf(reader, execId))) add(made.nodeId, made.outcome?.execId);
  };
  for (const { nodeId, kind, outcome } of nodesOf(reader, dagId, scopeOf(reader, found)))
    if (kind === 'call') add(nodeId, outcome?.execId);
  return [...calls.values()];
}
