import type { CommitId } from '@daggerml/object-model';
import { type CallDifference, callDifferences } from './call-differences.ts';
import { traceCallOfDag } from './call-of-dag.ts';
import { traceCallOfFunction } from './call-of-function.ts';
import { type CallOrigin, type CallReason, originOf, reasonOf } from './call-outcome.ts';
import { type CallPlace, execIdAt, sideAt } from './call-place.ts';
import type { Comparison, ExplainSource } from './call-side.ts';

/** A call as it is explained from records. */
export interface CallExplanation extends CallPlace {
  readonly reason: CallReason;
  /** The exec that ran: of an outcome that was taken over that of the other call. */
  readonly origin: CallOrigin | undefined;
  /** The oldest commit from which on the call has its outcome; undefined without one. */
  readonly madeIn: CommitId | undefined;
  /** Number of steps from the commit back to that one. */
  readonly commitsSince: number;
  readonly earlier: CallPlace | undefined;
  readonly differences: readonly CallDifference[];
  readonly comparison: Comparison;
}

/**
 * Explains the outcome of a call from the commits alone: why it ran, or was answered without a run. O(commits since it
 * has its outcome + calls that changed with it).
 *
 * @spec DML-EXE-1701
 */
export function explainCall(source: ExplainSource, place: CallPlace): CallExplanation {
  return explained(source, place, new Map());
}

/** Explains a call, and each call whose function made it once. */
function explained(
  source: ExplainSource,
  place: CallPlace,
  known: Map<string, CallExplanation>,
): CallExplanation {
  const key = keyOf(place);
  const found = known.get(key) ?? explanationOf(source, place, (maker) => explained(source, maker, known));
  known.set(key, found);
  return found;
}

function keyOf({ nodeId, commitId, madeBy }: CallPlace): string {
  return madeBy === undefined ? `${commitId} ${nodeId}` : `${keyOf(madeBy)} ${nodeId}`;
}

function explanationOf(
  source: ExplainSource,
  place: CallPlace,
  explain: (maker: CallPlace) => CallExplanation,
): CallExplanation {
  const { nodeId, madeBy } = place;
  const execId = execIdAt(source, place);
  if (execId === undefined) {
    const side = sideAt(source, place);
    const comparison = { source, before: side, after: side };
    const nothing = { origin: undefined, madeIn: undefined, commitsSince: 0, earlier: undefined };
    return { ...place, ...nothing, reason: 'none', differences: [], comparison };
  }
  const traced =
    madeBy === undefined
      ? traceCallOfDag(source, place)
      : traceCallOfFunction(source, { ...place, madeBy }, explain);
  const { before, ...facts } = traced;
  const { earlier, comparison } = facts;
  const differences = earlier ? callDifferences(comparison, { before: earlier.nodeId, after: nodeId }) : [];
  const compared = { before, differences, hasEarlier: earlier !== undefined };
  return {
    ...place,
    ...facts,
    origin: originOf(source, execId),
    differences,
    reason: reasonOf(source.read('exec', execId), compared),
  };
}
