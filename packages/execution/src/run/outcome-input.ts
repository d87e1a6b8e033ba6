import { type DatumId, OUTCOME_URI } from '@daggerml/object-model';
import { putErrorOutcome, putValueOutcome } from '../builtins/outcome.ts';
import type { CacheLookup } from '../cache/cache-lookup.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { CallFailure } from './events.ts';
import type { RunNode } from './run-node.ts';

/** Checks whether a node goes on with the failures of its inputs, because it takes their outcomes. */
export function isOutcomeNode({ callee }: RunNode): boolean {
  return callee?.uri === OUTCOME_URI;
}

/**
 * Checks whether a failure is an outcome: one that says something about the call, or about what stopped it. What says
 * nothing about the call must not become a value.
 *
 * @spec DML-EXE-3142
 */
export function isOutcome({ class: failureClass, originClass }: CallFailure): boolean {
  return (originClass ?? failureClass) === 'deterministic';
}

/**
 * Returns the outcome of a node that has come to one, as the input value of a node that takes outcomes.
 *
 * @spec DML-EXE-3140
 */
export function outcomeValueOf(
  node: RunNode,
  { objects, cache }: { readonly objects: RunObjects; readonly cache: CacheLookup },
): DatumId {
  const { failure } = node;
  if (!failure) return putValueOutcome(cache.valueOf(node), objects);
  const { code, message, originCode } = failure;
  // @spec DML-EXE-3143
  const cause = originCode === undefined ? undefined : { code: originCode, message };
  return putErrorOutcome({ code, message }, cause, objects);
}
