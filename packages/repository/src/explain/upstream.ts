import type { DatumId, NodeRecord } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { namedNode } from '../nodes/stored-value.ts';
import type { Comparison } from './call-side.ts';
import { type NodePair, ownDifferences } from './own-differences.ts';
import { type ValueDifference, valueDifferences } from './value-differences.ts';

/** Beginning of a difference. */
export type Origin =
  /** The values of two literals, or of what cannot be followed any further. */
  | ({ readonly kind: 'value'; readonly differences: readonly ValueDifference[] } & NodePair)
  | ({ readonly kind: 'function'; readonly nameBefore: string; readonly nameAfter: string } & NodePair)
  /** Another kind of node, such as a literal in the place of a call. */
  | ({
      readonly kind: 'node';
      readonly kindBefore: NodeRecord['kind'];
      readonly kindAfter: NodeRecord['kind'];
      readonly differences: readonly ValueDifference[];
    } & NodePair)
  /** The same call that has another outcome: it was run again. */
  | ({ readonly kind: 'rerun' } & NodePair);

/** The way from an input that differs to where the difference begins. */
export interface Cause {
  /** The nodes from the input itself to the origin's, one of each side. */
  readonly path: readonly NodePair[];
  readonly origin: Origin;
}

/** Calls in a row that are followed. */
const MAX_STEPS = 10_000;
/** Places of a value that are named. */
const MAX_PLACES = 5;

/**
 * Follows two nodes that differ, or whose values do, to the literal, file or function that the difference begins with.
 *
 * @spec DML-EXE-1705
 */
export function causeOf(comparison: Comparison, { before, after }: NodePair): Cause {
  let pair: NodePair = { before, after };
  const path: NodePair[] = [pair];
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const next = stepOf(comparison, pair);
    if ('kind' in next) return { path, origin: next };
    pair = next;
    path.push(pair);
  }
  return { path, origin: valueOrigin(comparison, pair) };
}

/** Returns the next pair upstream, or where the difference begins. */
function stepOf(comparison: Comparison, pair: NodePair): NodePair | Origin {
  const { source } = comparison;
  const [before, after] = [source.read('node', pair.before), source.read('node', pair.after)];
  if (before.kind === 'literal' && after.kind === 'literal') return valueOrigin(comparison, pair);
  if (before.kind === 'import' && after.kind === 'import') {
    const nodes = ifReadable(() => ({
      before: namedNode(before.dagId, before.name, source),
      after: namedNode(after.dagId, after.name, source),
    }));
    return nodes ?? valueOrigin(comparison, pair);
  }
  if (!('inputs' in before) || !('inputs' in after))
    return {
      kind: 'node',
      ...pair,
      kindBefore: before.kind,
      kindAfter: after.kind,
      differences: placesOf(comparison, pair),
    };
  const [first] = ownDifferences(comparison, pair, 1);
  if (first === undefined) return { kind: 'rerun', ...pair };
  if (first.kind === 'input') return { before: first.before, after: first.after };
  return first.kind === 'function' ? first : valueOrigin(comparison, pair);
}

function valueOrigin(comparison: Comparison, pair: NodePair): Origin {
  return { kind: 'value', ...pair, differences: placesOf(comparison, pair) };
}

function placesOf({ source, ...sides }: Comparison, pair: NodePair): readonly ValueDifference[] {
  const values = ifReadable((): [DatumId, DatumId] | undefined => {
    const [before, after] = [sides.before.valueOf(pair.before), sides.after.valueOf(pair.after)];
    return before !== undefined && after !== undefined && before !== after ? [before, after] : undefined;
  });
  return (values && ifReadable(() => valueDifferences(source, values, MAX_PLACES))) ?? [];
}
