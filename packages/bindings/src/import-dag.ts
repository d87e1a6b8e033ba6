import type { RunObjects } from '@daggerml/execution';
import { type CommitRecord, type DagId, type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import { type PinScope, treeScope } from '@daggerml/repository';

/** A dag of a commit, to be imported by another. */
export interface ImportSource {
  readonly dagId: DagId;
  readonly pins: CommitRecord['pins'];
}

/** Lists the nodes of a stored dag, imported dags included, each once. O(nodes). */
export function dagNodes(dagId: DagId, objects: RunObjects): Set<NodeId> {
  const nodes = new Set<NodeId>();
  const dags = new Set<DagId>([dagId]);
  for (const each of dags) {
    const dag = objects.read('dag', each);
    const reached = [
      dag.rootNodeId,
      ...Array.from(treeEntries('names', dag.names, objects), ([, nodeId]) => nodeId),
    ];
    for (let nodeId = reached.pop(); nodeId !== undefined; nodeId = reached.pop()) {
      if (nodes.has(nodeId)) continue;
      nodes.add(nodeId);
      const node = objects.read('node', nodeId);
      if (node.kind === 'import') dags.add(node.dagId);
      else if (node.kind !== 'literal') reached.push(...treeEntries('inputs', node.inputs, objects));
    }
  }
  return nodes;
}

/** The pins that a dag's nodes have in a commit. */
export function pinsOfDag(
  source: ImportSource,
  objects: RunObjects,
): { scope: PinScope; pins: Map<NodeId, ExecId> } {
  const scope = treeScope(source.pins, objects);
  const pins = new Map<NodeId, ExecId>();
  for (const nodeId of dagNodes(source.dagId, objects)) {
    const execId = scope.getPin(nodeId);
    if (execId !== undefined) pins.set(nodeId, execId);
  }
  return { scope, pins };
}
