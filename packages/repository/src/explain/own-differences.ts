import {
  type DatumId,
  firstDifference,
  type NodeId,
  type NodeRecord,
  treeAt,
  treeCount,
  treeFrom,
} from '@daggerml/object-model';
import { nameOfFunction } from '../views/call-text.ts';
import type { Comparison, ExplainSource } from './call-side.ts';

/** The nodes that are compared, one of each side. */
export interface NodePair {
  readonly before: NodeId;
  readonly after: NodeId;
}

/** A call or builtin node. */
export type ComputedNode = NodeRecord & { readonly kind: 'call' | 'builtin' };

/** Difference of two calls, apart from where it comes from. */
export type OwnDifference =
  | ({ readonly kind: 'function'; readonly nameBefore: string; readonly nameAfter: string } & NodePair)
  | { readonly kind: 'input-count'; readonly before: number; readonly after: number }
  | ({
      readonly kind: 'input';
      /** Counts from 0. */
      readonly index: number;
      /** False for an input that is another node with the same value. */
      readonly isOtherValue: boolean;
    } & NodePair);

/** Inputs behind the first that differs which are looked at. */
const MAX_COMPARED = 1_000;

/**
 * Lists the differences of two calls: of the function, of the number of inputs, of at most `maxInputs` inputs from left
 * to right. Where the values of all inputs are equal, the first input that is another node is listed. Empty for one
 * function and the same nodes.
 *
 * @spec DML-EXE-1703
 */
export function ownDifferences(
  comparison: Comparison,
  pair: NodePair,
  maxInputs: number,
): readonly OwnDifference[] {
  const { source } = comparison;
  const [before, after] = [computed(source, pair.before), computed(source, pair.after)];
  if (before === undefined || after === undefined) return [];
  const found: OwnDifference[] = [];
  if (before.functionDatumId !== after.functionDatumId)
    found.push({
      kind: 'function',
      ...pair,
      nameBefore: nameOfFunction(source, before.functionDatumId),
      nameAfter: nameOfFunction(source, after.functionDatumId),
    });
  const [countBefore, countAfter] = [before, after].map(({ inputs }) => treeCount('inputs', inputs, source));
  if (countBefore !== countAfter)
    found.push({ kind: 'input-count', before: countBefore as number, after: countAfter as number });
  return [...found, ...inputDifferences(comparison, { pair, before, after, maxInputs })];
}

interface ComputedPair {
  readonly pair: NodePair;
  readonly before: ComputedNode;
  readonly after: ComputedNode;
  readonly maxInputs: number;
}

function inputDifferences(
  { source, ...sides }: Comparison,
  { pair, before, after, maxInputs }: ComputedPair,
): OwnDifference[] {
  const inputOf = (node: ComputedNode, index: number): NodeId | undefined =>
    treeAt('inputs', node.inputs, index, source)?.entry;
  const differenceAt = (index: number, isOtherValue: boolean): OwnDifference[] => {
    const [left, right] = [inputOf(before, index), inputOf(after, index)];
    // Beyond the end of the shorter list the number of inputs says it.
    if (left === undefined || right === undefined) return [];
    return [{ kind: 'input', index, isOtherValue, before: left, after: right }];
  };
  const left = sides.before.inputsOf(pair.before);
  const right = sides.after.inputsOf(pair.after);
  if (left !== undefined && right !== undefined) {
    const first = firstDifference('values', left, right, source);
    if (first !== undefined) {
      const others = treeFrom('values', right, first, source);
      const found: OwnDifference[] = [];
      let compared = 0;
      for (const { entry, start } of treeFrom('values', left, first, source)) {
        const other: DatumId | undefined = others.next().value?.entry;
        if (found.length === maxInputs || other === undefined || ++compared > MAX_COMPARED) break;
        if (other !== entry) found.push(...differenceAt(start, true));
      }
      return found;
    }
  }
  const first = firstDifference('inputs', before.inputs, after.inputs, source);
  if (first === undefined) return [];
  // An input without a value, such as one that failed, is another value for what the comparison is about.
  return differenceAt(first, left === undefined || right === undefined);
}

/** Returns a node that has a function; undefined for a literal or import. */
export function computed(source: ExplainSource, nodeId: NodeId): ComputedNode | undefined {
  const node = source.read('node', nodeId);
  return 'inputs' in node ? node : undefined;
}
