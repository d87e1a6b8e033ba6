import type { CommitId, CommitRecord, DagId, ExecId, ExecRecord, NodeId } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { namesIn } from '../views/dag-view.ts';
import { type CallSide, type Comparison, type ExplainSource, enclosedSide, pinnedSide } from './call-side.ts';
import { dagNamed } from './earlier-commit.ts';

/** A call of a commit; `dagName` is undefined for one that no dag of the commit has. */
export interface CallPlace {
  readonly nodeId: NodeId;
  readonly commitId: CommitId;
  readonly dagName: string | undefined;
  /** The call of the same commit whose function made this one; undefined for a call of the commit itself. */
  readonly madeBy?: CallPlace;
}

/** Exec of a call that ran or took an outcome over. */
export type CallExec = ExecRecord & { readonly nodeKind: 'call' };

/** Returns the exec of a call at its place; undefined where it has none. */
export function execIdAt(source: ExplainSource, place: CallPlace): ExecId | undefined {
  return scopeAt(source, place)?.getPin(place.nodeId);
}

/** Reads the exec of a call at its place; undefined where there is none, or it is not here. */
export function execAt(source: ExplainSource, place: CallPlace): CallExec | undefined {
  const execId = execIdAt(source, place);
  const exec = execId && ifReadable(() => source.read('exec', execId));
  return exec?.nodeKind === 'call' ? exec : undefined;
}

/** Returns the side of a comparison that a place belongs to: its commit, or the result with the calls around it. */
export function sideAt(source: ExplainSource, place: CallPlace): CallSide {
  const scope = scopeAt(source, place) ?? NO_PINS;
  const dagId = dagIdAt(source, place);
  const side = pinnedSide(source, scope, dagId === undefined ? new Map() : namesIn(source, dagId));
  return place.madeBy === undefined ? side : enclosedSide(side, sideAt(source, place.madeBy));
}

/** Compares the places of two calls, with the calls whose functions made them. */
export function comparisonOf(source: ExplainSource, before: CallPlace, after: CallPlace): Comparison {
  const sides = { source, before: sideAt(source, before), after: sideAt(source, after) };
  if (before.madeBy === undefined || after.madeBy === undefined) return sides;
  const comparison = comparisonOf(source, before.madeBy, after.madeBy);
  return {
    ...sides,
    madeBy: { comparison, pair: { before: before.madeBy.nodeId, after: after.madeBy.nodeId } },
  };
}

/** Returns the dag that has the call: of the commit, or the result dag of the function that made it. */
export function dagIdAt(
  source: ExplainSource,
  { madeBy, commitId, dagName }: Omit<CallPlace, 'nodeId'>,
): DagId | undefined {
  if (madeBy !== undefined) return execAt(source, madeBy)?.resultDagId;
  return dagName === undefined ? undefined : dagNamed(source, commitAt(source, commitId), dagName);
}

function scopeAt(source: ExplainSource, { madeBy, commitId }: CallPlace): PinScope | undefined {
  const pins = madeBy === undefined ? commitAt(source, commitId).pins : execAt(source, madeBy)?.pins;
  return pins && treeScope(pins, source);
}

function commitAt(source: ExplainSource, commitId: CommitId): CommitRecord {
  return source.read('commit', commitId);
}

const NO_PINS: PinScope = { getPin: () => undefined };
