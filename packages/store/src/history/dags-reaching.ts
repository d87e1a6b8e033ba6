import { type DagId, type LeafEntries, type NodeId, treeEntries } from '@daggerml/object-model';
import type { Draft } from './draft.ts';

/**
 * Returns for each of some nodes the names of the dags that hold it, imported dags included.
 * Walks whole dags, so it is meant for the few nodes of a conflict.
 */
export function dagsReaching(
  draft: Draft,
  dags: Iterable<LeafEntries['dags']>,
  nodeIds: ReadonlySet<NodeId>,
): Map<NodeId, readonly string[]> {
  const names = new Map<NodeId, Set<string>>([...nodeIds].map((nodeId) => [nodeId, new Set()]));
  for (const [name, dagId] of dags) for (const nodeId of nodesOf(draft, dagId)) names.get(nodeId)?.add(name);
  return new Map([...names].map(([nodeId, found]) => [nodeId, [...found].sort()]));
}

/** Returns the nodes of a dag, those of imported dags included. */
export function nodesOf(draft: Draft, rootDagId: DagId): Set<NodeId> {
  const nodes = new Set<NodeId>();
  const dags = new Set<DagId>([rootDagId]);
  for (const dagId of dags) {
    const dag = draft.read('dag', dagId);
    const waiting: NodeId[] = [dag.rootNodeId];
    for (const [, nodeId] of treeEntries('names', dag.names, draft)) waiting.push(nodeId);
    for (let nodeId = waiting.pop(); nodeId !== undefined; nodeId = waiting.pop()) {
      if (nodes.has(nodeId)) continue;
      nodes.add(nodeId);
      const node = draft.read('node', nodeId);
      if (node.kind === 'import') dags.add(node.dagId);
      else if (node.kind !== 'literal')
        for (const input of treeEntries('inputs', node.inputs, draft)) waiting.push(input);
    }
  }
  return nodes;
}
