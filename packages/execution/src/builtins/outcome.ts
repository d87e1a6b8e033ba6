import { buildTree, type DatumId, elementOf, encodeRecord } from '@daggerml/object-model';
import { lowerValue } from '@daggerml/values';
import { type Builtin, type BuiltinObjects, builtin } from './builtin.ts';
import { datumOf } from './keyed.ts';

/** Code and message of a failure, as far as they follow from the function and its inputs. */
interface OutcomeError {
  readonly code: string;
  readonly message: string;
}

/**
 * Evaluates to its input value, which is an outcome.
 *
 * @spec DML-BND-1744
 */
export const outcomeBuiltin: Builtin = builtin(1, (inputs) => inputs.element(0));

/**
 * Stores the outcome of a node that has a value.
 *
 * @spec DML-EXE-3141
 */
export function putValueOutcome(valueId: DatumId, objects: BuiltinObjects): DatumId {
  const ok = elementOf({ type: 'datum', kind: 'string', value: 'ok' }, () => '' as DatumId);
  const value = elementOf(objects.readDatum(valueId), () => valueId);
  const entries = [['status', ok] as const, ['value', value] as const];
  return objects.putDatum(encodeRecord(datumOf('map', buildTree('map', entries, objects))));
}

/** Stores the outcome of a node that failed, with the failure that stopped it where that is another one's. */
export function putErrorOutcome(
  error: OutcomeError,
  cause: OutcomeError | undefined,
  objects: BuiltinObjects,
): DatumId {
  const value = { status: 'error', error: { ...error, ...(cause && { cause }) } };
  return lowerValue(value, objects, 'outcome');
}
