import {
  type CommitId,
  type DagId,
  type ExecId,
  type NodeId,
  type PageSource,
  type TreeRoot,
  treeDiff,
} from '@daggerml/object-model';
import { Draft, type ObjectReader } from './draft.ts';
import { contentOf } from './merge-content.ts';

/** The difference of one dag between two commits. */
export type DagChange =
  | { readonly kind: 'added'; readonly name: string; readonly after: DagId }
  | { readonly kind: 'removed'; readonly name: string; readonly before: DagId }
  | { readonly kind: 'changed'; readonly name: string; readonly before: DagId; readonly after: DagId };

/** The difference of the pin of one node between two commits. */
export type PinChange =
  | { readonly kind: 'added'; readonly nodeId: NodeId; readonly after: ExecId }
  | { readonly kind: 'removed'; readonly nodeId: NodeId; readonly before: ExecId }
  | { readonly kind: 'changed'; readonly nodeId: NodeId; readonly before: ExecId; readonly after: ExecId };

/** The differences of two commits; each iteration reads as it goes. */
export interface CommitDiff {
  readonly dags: Iterable<DagChange>;
  readonly pins: Iterable<PinChange>;
}

/**
 * Compares two commits; undefined stands for the empty content before the first commit.
 * Costs O(changes · log n): pages that both share are not read.
 *
 * @spec DML-STO-0653
 */
export function diffCommits(
  reader: ObjectReader,
  before: CommitId | undefined,
  after: CommitId | undefined,
): CommitDiff {
  const draft = new Draft(reader);
  const old = contentOf(draft, before);
  const now = contentOf(draft, after);
  return {
    dags: { [Symbol.iterator]: () => diffDags(old.dags, now.dags, draft) },
    pins: { [Symbol.iterator]: () => diffPins(old.pins, now.pins, draft) },
  };
}

// @spec DML-STO-0651
function* diffDags(
  before: TreeRoot<'dags'>,
  after: TreeRoot<'dags'>,
  pages: PageSource,
): Generator<DagChange, void, undefined> {
  for (const { before: old, after: now } of treeDiff('dags', before, after, pages)) {
    if (old === undefined && now !== undefined) yield { kind: 'added', name: now[0], after: now[1] };
    else if (old !== undefined && now === undefined) yield { kind: 'removed', name: old[0], before: old[1] };
    else if (old !== undefined && now !== undefined)
      yield { kind: 'changed', name: now[0], before: old[1], after: now[1] };
  }
}

// @spec DML-STO-0652
function* diffPins(
  before: TreeRoot<'pins'>,
  after: TreeRoot<'pins'>,
  pages: PageSource,
): Generator<PinChange, void, undefined> {
  for (const { before: old, after: now } of treeDiff('pins', before, after, pages)) {
    if (old === undefined && now !== undefined) yield { kind: 'added', nodeId: now[0], after: now[1] };
    else if (old !== undefined && now === undefined)
      yield { kind: 'removed', nodeId: old[0], before: old[1] };
    else if (old !== undefined && now !== undefined)
      yield { kind: 'changed', nodeId: now[0], before: old[1], after: now[1] };
  }
}
