import type { Comparison } from './call-side.ts';
import { type NodePair, type OwnDifference, ownDifferences } from './own-differences.ts';
import { type Cause, causeOf } from './upstream.ts';

/** Difference of two calls; of an input with what it goes back to. */
export type CallDifference =
  | Exclude<OwnDifference, { kind: 'input' }>
  | (Extract<OwnDifference, { kind: 'input' }> & { readonly cause: Cause });

/** Inputs that are named in a comparison. */
const MAX_INPUTS = 5;

/** Lists the differences of two calls in the order of `ownDifferences`, inputs with their causes. */
export function callDifferences(comparison: Comparison, pair: NodePair): CallDifference[] {
  return ownDifferences(comparison, pair, MAX_INPUTS).map((difference) =>
    difference.kind === 'input' ? { ...difference, cause: causeOf(comparison, difference) } : difference,
  );
}
