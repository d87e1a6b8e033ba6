import type { RunNode } from '../run/run-node.ts';

/** Code with which a call that would run ends in a plan. It reaches no Caller: who asks for the value waits. */
export const NOT_RUN = 'not_run';

/** Checks whether a node has no value because a call did not run in a plan. */
export function isNotRun(node: RunNode): boolean {
  let at: RunNode | undefined = node;
  while (at?.failure?.class === 'input') at = at.inputs.find(({ failure }) => failure !== undefined);
  return at?.failure?.code === NOT_RUN;
}
