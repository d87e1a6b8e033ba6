import { type ExecId, type NodeId, type PageSource, type TreeRoot, treeGet } from '@daggerml/object-model';

/** The pins in which nodes are resolved: of a commit, of an IndexRef, or of an exec. */
export interface PinScope {
  getPin(nodeId: NodeId): ExecId | undefined;
}

/** The scope of a pins map; each look-up reads O(log n) pages, most of them kept. */
export function treeScope(root: TreeRoot<'pins'>, pages: PageSource): PinScope {
  if (typeof root !== 'string' && root.length === 0) return { getPin: () => undefined };
  return { getPin: (nodeId) => treeGet('pins', root, nodeId, pages)?.[1] };
}
