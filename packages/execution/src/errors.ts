import { DmlError } from '@daggerml/object-model';

/** Every code that execution raises beside those of the object model and the store. */
export type ExecutionErrorCode =
  | 'not_executed'
  | 'call_failed'
  | 'unknown_name'
  | 'capture_failed'
  | 'pipeline_missing'
  | 'pipeline_threw'
  | 'not_a_pipeline'
  | 'ambiguous_pipeline'
  | 'illegal_transition'
  | 'unsupported_value'
  | 'cyclic_value'
  | 'reserved_scheme'
  | 'unreadable_file'
  | 'object_missing'
  | 'adapter_unknown'
  | 'function_missing'
  | 'function_threw'
  | 'never_settled'
  | 'builtin_refused'
  | 'worker_lost'
  | 'timeout'
  | 'unreachable'
  | 'cancelled'
  | 'input_failed'
  | 'integrate_failed';

export type ErrorFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Builds execution's error; `fields` are facts for the Caller, never payload bytes. */
export function executionError(
  code: ExecutionErrorCode,
  fields: ErrorFields = {},
  cause?: unknown,
): DmlError<ExecutionErrorCode> {
  return new DmlError<ExecutionErrorCode>({ code, fields, cause });
}
