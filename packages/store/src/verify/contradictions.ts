import { isDeepStrictEqual } from 'node:util';
import {
  type AnyRecord,
  type CallExec,
  type ExecRecord,
  executionKey,
  type NodeId,
  type TreeRoot,
  treeCount,
} from '@daggerml/object-model';
import { ifReadable } from '../objects/if-readable.ts';
import { inputFaults, pinFaults } from './input-contradictions.ts';
import type { ObjectFault } from './object-fault.ts';
import type { WholeRecords } from './whole-records.ts';

type Faults = Generator<ObjectFault, void, undefined>;

/** Lists where a record says otherwise than the records that it names; those that cannot be read say nothing. */
export function* contradictionsOf(record: AnyRecord, records: WholeRecords): Faults {
  switch (record.type) {
    case 'commit':
      yield* entriesAgainst('pins', record.pins, records);
      yield* entriesAgainst('requests', record.requests, records);
      break;
    case 'exec':
      yield* execAgainstNode(record, records);
      if (record.nodeKind === 'call') yield* callFaults(record, records);
      break;
    case 'page':
      if (record.level > 0) break;
      if (record.role === 'pins' || record.role === 'requests')
        yield* entriesAgainst(record.role, record.entries as TreeRoot<'pins' | 'requests'>, records);
  }
}

function* execAgainstNode(exec: ExecRecord, records: WholeRecords): Faults {
  const node = records.get('node', exec.nodeId);
  if (node === undefined) return;
  const to = { class: 'node', objectId: exec.nodeId } as const;
  // @spec DML-STO-0924
  if (node.kind !== exec.nodeKind) {
    yield { code: 'exec_contradiction', member: 'nodeKind', to };
    return;
  }
  // @spec DML-STO-0925
  if (node.functionDatumId !== exec.functionDatumId)
    yield { code: 'exec_contradiction', member: 'function', to };
  const wanted = ifReadable(() => treeCount('inputs', node.inputs, records));
  const given = ifReadable(() => treeCount('values', exec.inputs, records));
  // @spec DML-STO-0926
  if (wanted !== undefined && given !== undefined && wanted !== given)
    yield { code: 'exec_contradiction', member: 'inputCount', to };
  else yield* inputFaults(exec, node, records);
}

function* callFaults(exec: CallExec, records: WholeRecords): Faults {
  yield* entriesAgainst('pins', exec.pins, records);
  yield* pinFaults(exec, records);
  const { requestId, sourceExecId } = exec;
  const request = requestId === null ? undefined : records.get('exec-request', requestId);
  const isOwnRequest =
    request === undefined ||
    (request.nodeId === exec.nodeId &&
      request.executionKey === executionKey(exec.functionDatumId, exec.inputs));
  // @spec DML-STO-0927
  if (!isOwnRequest) {
    const to = { class: 'exec-request', objectId: requestId as NonNullable<typeof requestId> } as const;
    yield { code: 'exec_contradiction', member: 'request', to };
  }
  const source = sourceExecId === null ? undefined : records.get('exec', sourceExecId);
  // @spec DML-STO-0928
  if (source !== undefined && !isSource(source, exec)) {
    const to = { class: 'exec', objectId: sourceExecId as NonNullable<typeof sourceExecId> } as const;
    yield { code: 'exec_contradiction', member: 'source', to };
  }
}

/** Checks whether an exec has taken over the outcome of another one. */
function isSource(source: ExecRecord, exec: CallExec): boolean {
  return (
    source.nodeKind === 'call' &&
    source.sourceExecId === null &&
    executionKey(source.functionDatumId, source.inputs) === executionKey(exec.functionDatumId, exec.inputs) &&
    source.status === exec.status &&
    source.resultDagId === exec.resultDagId &&
    isDeepStrictEqual(source.pins, exec.pins)
  );
}

/** Compares the nodes of the entries that stand in place with those of what they lead to. */
function* entriesAgainst(
  role: 'pins' | 'requests',
  root: TreeRoot<'pins' | 'requests'>,
  records: WholeRecords,
): Faults {
  if (typeof root === 'string') return;
  const objectClass = role === 'pins' ? 'exec' : 'exec-request';
  for (const [nodeId, objectId] of root) {
    const found = records.get(objectClass, objectId as never);
    // @spec DML-STO-0929
    if (found !== undefined && (found as { readonly nodeId: NodeId }).nodeId !== nodeId)
      yield { code: 'entry_contradiction', role, nodeId, to: { class: objectClass, objectId } };
  }
}
