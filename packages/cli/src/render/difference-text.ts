import type { NodeId } from '@daggerml/object-model';
import {
  type CallDifference,
  type Cause,
  type Comparison,
  callText,
  functionChanges,
  type NodePair,
  nameOfFunction,
  type Origin,
  shortId,
  type ValueDifference,
} from '@daggerml/repository';

/** Files and libraries by which a function changed that are named. */
const MAX_PARTS = 3;
/** Calls between an input and the origin of its difference that are named. */
const MAX_BETWEEN = 3;

/**
 * Returns a difference of two calls as a clause, such as `input 2 (k) changed from 3 to 4`.
 *
 * @spec DML-CLI-1713
 */
export function differenceText(comparison: Comparison, difference: CallDifference): string {
  switch (difference.kind) {
    case 'function':
      return functionText(comparison, difference);
    case 'input-count':
      return `${difference.after} inputs instead of ${difference.before}`;
    case 'input': {
      const { index, after, isOtherValue, cause } = difference;
      const name = comparison.after.nameOf(after);
      const title = `input ${index + 1}${name === undefined ? '' : ` (${name})`}`;
      return isOtherValue
        ? `${title} ${causeText(comparison, cause)}`
        : `${title} has the same value as before, though ${originText(comparison, cause.origin)}`;
    }
  }
}

/** Names the function that changed, with the files and libraries that it changed by. */
function functionText(
  { before, after }: Comparison,
  { nameBefore, nameAfter, ...nodes }: NodePair & { readonly nameBefore: string; readonly nameAfter: string },
): string {
  if (nameBefore !== nameAfter) return `${nameAfter} instead of ${nameBefore}`;
  const changes = functionChanges(before.sourcesOf(nodes.before), after.sourcesOf(nodes.after));
  const parts = [
    ...(changes?.files ?? []).map(({ path }) => path),
    ...(changes?.libraries ?? []).map(({ name }) => name),
  ];
  const named = parts.slice(0, MAX_PARTS).join(', ');
  const more = parts.length > MAX_PARTS ? ` and ${parts.length - MAX_PARTS} more` : '';
  return `the code of ${nameAfter} changed${named === '' ? '' : ` (${named}${more})`}`;
}

/** Returns where a difference begins, as a predicate of the input. */
function causeText(comparison: Comparison, { path, origin }: Cause): string {
  if (path.length === 1 && origin.kind === 'value') return `changed${placesText(origin.differences)}`;
  const between = path
    .slice(0, -1)
    .map(({ after }) => shortCall(comparison, after))
    .filter((text) => text !== '');
  const named = between.slice(0, MAX_BETWEEN);
  const more = between.length > named.length ? ` and ${between.length - named.length} more` : '';
  const through = named.length === 0 ? '' : ` through ${named.join(', ')}${more}`;
  return `changed${through}: ${originText(comparison, origin)}`;
}

function originText(comparison: Comparison, origin: Origin): string {
  switch (origin.kind) {
    case 'value': {
      const name = comparison.after.nameOf(origin.after) ?? nodeText(comparison, origin.after);
      return `${name} changed${placesText(origin.differences)}`;
    }
    case 'function':
      return functionText(comparison, origin);
    case 'node':
      return `a ${origin.kindAfter} instead of a ${origin.kindBefore}${placesText(origin.differences)}`;
    case 'rerun':
      return `${nodeText(comparison, origin.after)} was run again and has another value`;
  }
}

/** Returns the places in which two values differ: the first, and how many more there are. */
function placesText(differences: readonly ValueDifference[]): string {
  const [first, ...others] = differences;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const at = first.path === '' ? '' : ` at ${first.path}`;
  return `${at}${placeText(first)}${more}`;
}

function placeText({ before, after }: ValueDifference): string {
  if (before === undefined) return `: ${after} was added`;
  return after === undefined ? `: ${before} was removed` : ` from ${before} to ${after}`;
}

function nodeText({ source, after }: Comparison, nodeId: NodeId): string {
  const node = source.read('node', nodeId);
  if (node.kind === 'literal') return 'a literal';
  if (node.kind === 'import') return `${node.name} of the imported dag ${shortId(node.dagId)}`;
  return callText(source, nodeId, { nameOf: (id) => after.nameOf(id) }).text;
}

/** Returns a call without its inputs; empty for what is none. */
function shortCall({ source }: Comparison, nodeId: NodeId): string {
  const node = source.read('node', nodeId);
  if (!('inputs' in node)) return '';
  return `${nameOfFunction(source, node.functionDatumId)}()`;
}
