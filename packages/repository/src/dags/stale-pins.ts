import { type DagId, type NodeId, type TreeChange, type TreeRoot, treeEntries } from '@daggerml/object-model';
import type { RecordSource } from '../nodes/stored-value.ts';
import { dagNodes } from './import-dag.ts';

/** A dag that leaves a tree, and what stays. */
export interface LeavingDag {
  readonly dagId: DagId;
  /** The name that it has in the tree. */
  readonly name: string;
  /** The tree that it is still in. */
  readonly dags: TreeRoot<'dags'>;
  /** Nodes of the dag that takes its place. */
  readonly kept: Iterable<NodeId>;
}

/** Takes out the pins of nodes that only the leaving dag had: a commit pins the nodes of its own dags. */
export function stalePins(
  { dagId, name, dags, kept }: LeavingDag,
  objects: RecordSource,
): TreeChange<'pins'>[] {
  const stale = dagNodes(dagId, objects);
  for (const nodeId of kept) stale.delete(nodeId);
  for (const [otherName, otherDagId] of treeEntries('dags', dags, objects)) {
    if (stale.size === 0) break;
    if (otherName === name) continue;
    for (const nodeId of dagNodes(otherDagId, objects)) stale.delete(nodeId);
  }
  return Array.from(stale, (deleteKey) => ({ deleteKey }));
}
