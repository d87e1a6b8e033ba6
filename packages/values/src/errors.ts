import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Codes of values that have no datum.
 *
 * @spec DML-VAL-0701
 */
export type ValuesErrorCode = 'unsupported_value' | 'cyclic_value' | 'reserved_scheme';

const MESSAGES: Readonly<Record<ValuesErrorCode | 'unsupported_value/handle', string>> = {
  unsupported_value: '{path} is {found} and cannot be stored',
  'unsupported_value/handle': '{path} is {found}',
  cyclic_value: '{path} is {found}',
  reserved_scheme: '[{path}: ]URIs with the scheme "dml" are reserved',
};

/** Creates an error of this package; `fields` are facts for the caller, never payload bytes. */
export const valuesError: ErrorBuilder<ValuesErrorCode> = errorBuilder(MESSAGES);
