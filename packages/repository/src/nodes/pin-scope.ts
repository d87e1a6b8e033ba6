import {
  type ExecId,
  type NodeId,
  type PageSource,
  type TreeRoot,
  treeCount,
  treeGet,
} from '@daggerml/object-model';
import { PackedPins } from './packed-pins.ts';

/** The pins in which nodes are resolved: of a commit, of an IndexRef, or of an exec. */
export interface PinScope {
  getPin(nodeId: NodeId): ExecId | undefined;
}

/** Reading all pins costs about this fraction of looking each one up. */
const ENTRIES_PER_LOOKUP = 48;
/** Beyond this, looking up is left as it is to bound the memory. */
const MAX_LOADED_ENTRIES = 2_000_000;

/** Returns the scope of a pins map; when many of the pins are asked for, all are read at once. */
export function treeScope(root: TreeRoot<'pins'>, pages: PageSource): PinScope {
  if (typeof root !== 'string') {
    const pins = new Map(root);
    return { getPin: (nodeId) => pins.get(nodeId) };
  }
  const count = treeCount('pins', root, pages);
  let lookups = 0;
  let packed: PackedPins | undefined;
  return {
    getPin: (nodeId) => {
      if (packed) return packed.getPin(nodeId);
      lookups += 1;
      if (lookups * ENTRIES_PER_LOOKUP <= count || count > MAX_LOADED_ENTRIES)
        return treeGet('pins', root, nodeId, pages)?.[1];
      packed = new PackedPins(root, pages);
      return packed.getPin(nodeId);
    },
  };
}
