import { type DatumId, encodeRecord } from '@daggerml/object-model';
import { type BuiltinErrorCode, BuiltinFailure, BuiltinInputs, type BuiltinObjects } from './builtin.ts';
import { builtinOf } from './table.ts';

/** Outcome of a builtin; a failure follows from the inputs alone and is recorded. */
export type BuiltinOutcome =
  | { readonly status: 'ok'; readonly datumId: DatumId }
  | { readonly status: 'error'; readonly code: BuiltinErrorCode; readonly message: string };

/** Applies a builtin to the values of its inputs. Follows from its arguments alone. */
export function evaluateBuiltin(
  uri: string,
  inputDatumIds: readonly DatumId[],
  objects: BuiltinObjects,
): BuiltinOutcome {
  try {
    const builtin = builtinOf(uri);
    // @spec DML-BND-1109
    if (!builtin) throw new BuiltinFailure('unknown_builtin', `there is no builtin ${uri}`);
    const { minInputs, maxInputs } = builtin;
    // @spec DML-BND-1108
    if (inputDatumIds.length < minInputs || inputDatumIds.length > maxInputs) {
      const expected = minInputs === maxInputs ? `${minInputs}` : `${minInputs} to ${maxInputs}`;
      throw new BuiltinFailure('wrong_arity', `${uri} takes ${expected} inputs, not ${inputDatumIds.length}`);
    }
    const result = builtin.run(new BuiltinInputs(uri, inputDatumIds, objects));
    const datumId = typeof result === 'string' ? result : objects.putDatum(encodeRecord(result));
    return { status: 'ok', datumId };
  } catch (error) {
    if (!(error instanceof BuiltinFailure)) throw error;
    return { status: 'error', code: error.code, message: error.message };
  }
}
