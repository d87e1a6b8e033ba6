import {
  type ExecId,
  type NodeId,
  type PageSource,
  type TreeRoot,
  treeCount,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';

/** The pins in which nodes are resolved: of a commit, of an IndexRef, or of an exec. */
export interface PinScope {
  getPin(nodeId: NodeId): ExecId | undefined;
}

/** Reading a pin in order costs about a tenth of looking one up. */
const ENTRIES_PER_LOOKUP = 8;
/** Beyond this, looking up is left as it is to bound the memory. */
const MAX_LOADED_ENTRIES = 1_000_000;

/** The scope of a pins map; when many of the pins are asked for, all are read at once. */
export function treeScope(root: TreeRoot<'pins'>, pages: PageSource): PinScope {
  if (typeof root !== 'string') {
    const pins = new Map(root);
    return { getPin: (nodeId) => pins.get(nodeId) };
  }
  const count = treeCount('pins', root, pages);
  let lookups = 0;
  let loaded: ReadonlyMap<NodeId, ExecId> | undefined;
  return {
    getPin: (nodeId) => {
      if (loaded) return loaded.get(nodeId);
      lookups += 1;
      if (lookups * ENTRIES_PER_LOOKUP > count && count <= MAX_LOADED_ENTRIES) {
        loaded = new Map(treeEntries('pins', root, pages));
        return loaded.get(nodeId);
      }
      return treeGet('pins', root, nodeId, pages)?.[1];
    },
  };
}
