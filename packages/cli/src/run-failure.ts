import { DmlError, isDmlError } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';

/**
 * Yields how a failed call is reported: what follows from its function and inputs, or from the machinery.
 *
 * The code of a recorded failure is the function's own; it is shown and never decides the exit code.
 *
 * @spec DML-CLI-0710
 */
export function endOfRun(error: DmlError): DmlError {
  const call = error.code === 'dag_failed' && isDmlError(error.cause) ? error.cause : error;
  const { class: failureClass, name = 'unnamed', nodeId = '', message = '' } = call.fields;
  if (failureClass === 'infrastructure') {
    return cliError('infrastructure_failed', { name, nodeId, failureCode: call.code, message }, error);
  }
  if (failureClass === 'deterministic') {
    const fields = { name, nodeId, failureCode: call.code, message };
    return new DmlError({ code: 'dag_failed', fields, cause: error });
  }
  return error;
}
