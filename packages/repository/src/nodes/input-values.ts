import {
  buildTree,
  type DatumId,
  type ExecRecord,
  type PageStore,
  type TreeRoot,
} from '@daggerml/object-model';

/** A page with fewer links than this ends only with its level, so that fewer inputs are one page for certain. */
const SHORTEST_PAGE_LINKS = 50;

/** Returns the root field of input values, as an exec records it and as the execution key is computed from it. */
export function inputsRoot(datumIds: readonly DatumId[], pages: PageStore): TreeRoot<'values'> {
  return datumIds.length <= SHORTEST_PAGE_LINKS ? datumIds : buildTree('values', datumIds, pages);
}

/** Function and input values of an outcome. */
export type Computed = Pick<ExecRecord, 'functionDatumId' | 'inputs'>;

/** Checks whether two outcomes were computed from the same function and the same values. */
export function isSameComputation(left: Computed, right: Computed): boolean {
  return left.functionDatumId === right.functionDatumId && isSameRoot(left.inputs, right.inputs);
}

function isSameRoot(left: TreeRoot<'values'>, right: TreeRoot<'values'>): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right;
  return left.length === right.length && left.every((datumId, at) => datumId === right[at]);
}
