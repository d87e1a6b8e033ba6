import { DmlError } from '@daggerml/object-model';

/** Every code that the bindings raise beside those of the packages below. */
export type BindingsErrorCode =
  | 'repository_exists'
  | 'not_a_repository'
  | 'unknown_name'
  | 'ambiguous_id'
  | 'foreign_handle'
  | 'name_taken'
  | 'reserved_name'
  | 'invalid_name'
  | 'dag_failed'
  | 'dag_closed'
  | 'unreadable_file'
  | 'unwritable_folder'
  | 'pipeline_threw';

/** Builds the bindings' error; `fields` are facts for the caller, never payload bytes. */
export function bindingsError(
  code: BindingsErrorCode,
  fields: Readonly<Record<string, string | number | boolean | readonly string[]>> = {},
  cause?: unknown,
): DmlError<BindingsErrorCode> {
  return new DmlError<BindingsErrorCode>({ code, fields, cause });
}
