import type { NodeKind } from './record-types.ts';

/**
 * Kind numbers of nodes.
 *
 * @spec DML-OBJ-1201
 */
export const NODE_KIND_NUMBERS: Readonly<Record<NodeKind, number>> = {
  literal: 1,
  call: 2,
  import: 3,
  builtin: 4,
};
