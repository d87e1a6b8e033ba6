import { bindingsError } from '@daggerml/bindings';
import { type DmlError, isDmlError } from '@daggerml/object-model';
import { type FailedCall, withFailedCalls } from '../render/failed-calls.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from './cli-error.ts';

/**
 * Returns the error of a failed call as it is reported: of its function and inputs, or of the machinery.
 *
 * The code of a recorded failure is the function's own; it is shown and never decides the exit code.
 *
 * @spec DML-CLI-0710
 */
export function endOfRun(error: unknown, calls: readonly FailedCall[]): unknown {
  return withFailedCalls(isDmlError(error) ? namedFailure(error, calls) : error, calls);
}

function namedFailure(error: DmlError, calls: readonly FailedCall[]): DmlError {
  const call = error.code === 'dag_failed' && isDmlError(error.cause) ? error.cause : error;
  const { class: failureClass, nodeId = '', message = '' } = call.fields;
  const name = calls.find((each) => each.nodeId === nodeId)?.call ?? call.fields.name ?? 'unnamed';
  const failureCode = call.code;
  if (failureClass === 'infrastructure')
    return cliError(
      'infrastructure_failed',
      { name, nodeId, failureCode, message },
      error,
      failureCode === 'needs_unmet' ? failureCode : withheldDetail(call),
    );
  if (failureClass !== 'deterministic') return error;
  // @spec DML-CLI-1549
  const others = calls.length - 1;
  const more = others > 0 && formatCount(others, 'more call');
  return bindingsError(
    'dag_failed',
    { name, nodeId, failureCode, message, ...(more && { others: more }) },
    error,
  );
}

/** Returns whether an input was left out here or is withheld; undefined for any other failure. */
function withheldDetail({ code, detail }: DmlError): string | undefined {
  return code === 'object_withheld' ? (detail ?? 'withheld') : undefined;
}
