import { type DmlError, isNewerFormat } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';

/** Returns how a record of a newer format is reported; any other error is returned as it is. */
export function newerRecord(error: DmlError): DmlError {
  return isNewerFormat(error) ? cliError('newer_format', { record: error.recordType ?? '' }, error) : error;
}
