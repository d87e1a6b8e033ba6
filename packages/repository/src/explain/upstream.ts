import { type DatumId, type NodeRecord, treeAt, treeFrom } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { namedNode } from '../nodes/stored-value.ts';
import type { Comparison, MakerComparison } from './call-side.ts';
import { computed, type NodePair, ownDifferences } from './own-differences.ts';
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
/** Inputs of the call of a function that values inside of it are looked for in. */
const MAX_INPUTS = 1_000;
/** Places of a value that are named. */
const MAX_PLACES = 5;

/**
 * Follows two nodes that differ, or whose values do, to the literal, file or function that the difference begins with.
 *
 * @spec DML-EXE-1705
 */
export function causeOf(comparison: Comparison, { before, after }: NodePair): Cause {
  let at: Step = { comparison, pair: { before, after } };
  const path: NodePair[] = [at.pair];
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const next = stepOf(at.comparison, at.pair);
    if ('kind' in next) return { path, origin: next };
    at = 'pair' in next ? next : { comparison: at.comparison, pair: next };
    path.push(at.pair);
  }
  return { path, origin: valueOrigin(at.comparison, at.pair) };
}

/** A pair of nodes and the comparison that they belong to. */
interface Step {
  readonly comparison: Comparison;
  readonly pair: NodePair;
}

/** Returns the next pair upstream, or where the difference begins. */
function stepOf(comparison: Comparison, pair: NodePair): NodePair | Step | Origin {
  const { source } = comparison;
  const [before, after] = [source.read('node', pair.before), source.read('node', pair.after)];
  if (before.kind === 'literal' && after.kind === 'literal') {
    const maker = comparison.madeBy;
    return (
      (maker && stepToMaker(maker, pair, [before.datumId, after.datumId])) ?? valueOrigin(comparison, pair)
    );
  }
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

/**
 * Returns where two literals in calls of a function come from: the inputs of its own calls that have their values, else
 * those calls themselves; undefined for literals that are these inputs.
 *
 * @spec DML-EXE-3723
 */
function stepToMaker(
  { comparison, pair }: MakerComparison,
  literals: NodePair,
  values: readonly [DatumId, DatumId],
): Step | undefined {
  const input = inputsWithValues(comparison, pair, values);
  if (input === undefined) return { comparison, pair };
  const isSame = input.before === literals.before && input.after === literals.after;
  // The inputs may stand in a result themselves.
  if (isSame) return comparison.madeBy && stepToMaker(comparison.madeBy, literals, values);
  return { comparison, pair: input };
}

/** Returns the first inputs of two calls, at one place, that have the values. */
function inputsWithValues(
  { source, ...sides }: Comparison,
  pair: NodePair,
  [before, after]: readonly [DatumId, DatumId],
): NodePair | undefined {
  const [left, right] = [sides.before.inputsOf(pair.before), sides.after.inputsOf(pair.after)];
  const [old, now] = [computed(source, pair.before), computed(source, pair.after)];
  if (left === undefined || right === undefined || old === undefined || now === undefined) return undefined;
  const others = treeFrom('values', right, 0, source);
  for (const { entry, start: index } of treeFrom('values', left, 0, source)) {
    const other = others.next().value?.entry;
    if (other === undefined || index === MAX_INPUTS) return undefined;
    if (entry !== before || other !== after) continue;
    const [inputBefore, inputAfter] = [old, now].map(
      ({ inputs }) => treeAt('inputs', inputs, index, source)?.entry,
    );
    return inputBefore && inputAfter && { before: inputBefore, after: inputAfter };
  }
  return undefined;
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
