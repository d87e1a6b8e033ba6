import {
  type DagRecord,
  type DatumId,
  type ExecId,
  type NodeId,
  type NodeRecord,
  type TreeRoot,
  treeGet,
} from '@daggerml/object-model';
import { ifReadable } from '../objects/if-readable.ts';
import type { WholeRecords } from './whole-records.ts';

/** Imports and execs through which a value is looked for. */
const MAX_STEPS = 16;

/**
 * Returns the value of a node under some pins; undefined where that is unknown: something is not there or cannot
 * be read, failed, has no pin, or lies behind more than 16 imports and execs.
 */
export function scopedValue(
  nodeId: NodeId,
  pins: TreeRoot<'pins'>,
  records: WholeRecords,
): DatumId | undefined {
  return ifReadable(() => follow(nodeId, pins, records));
}

function follow(from: NodeId, pins: TreeRoot<'pins'>, records: WholeRecords): DatumId | undefined {
  let nodeId: NodeId | undefined = from;
  let scope = pins;
  for (let step = 0; step <= MAX_STEPS && nodeId !== undefined; step += 1) {
    const node: NodeRecord | undefined = records.get('node', nodeId);
    if (node === undefined) return undefined;
    if (node.kind === 'literal') return node.datumId;
    if (node.kind === 'import') {
      const dag: DagRecord | undefined = records.get('dag', node.dagId);
      nodeId =
        dag && (node.name === 'root' ? dag.rootNodeId : treeGet('names', dag.names, node.name, records)?.[1]);
      continue;
    }
    const execId: ExecId | undefined = treeGet('pins', scope, nodeId, records)?.[1];
    const exec = execId && records.get('exec', execId);
    if (!exec || exec.status === 'error') return undefined;
    if (exec.nodeKind === 'builtin') return exec.resultDatumId;
    nodeId = records.get('dag', exec.resultDagId)?.rootNodeId;
    scope = exec.pins;
  }
  return undefined;
}
