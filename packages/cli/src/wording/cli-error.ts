import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Codes that the command line itself raises.
 *
 * @spec DML-CLI-1301
 */
export type CliErrorCode =
  | 'unknown_command'
  | 'unknown_option'
  | 'missing_argument'
  | 'invalid_argument'
  | 'path_exists'
  | 'path_changed'
  | 'protected_path'
  | 'holds_repository'
  | 'unwritable_path'
  | 'unwritable_output'
  | 'missing_folder'
  | 'binary_value'
  | 'process_not_started'
  | 'unreadable_repository'
  | 'too_many_files'
  | 'branch_exists'
  | 'branch_current'
  | 'branch_unmerged'
  | 'not_fast_forward'
  | 'head_moved'
  | 'newer_format'
  | 'infrastructure_failed'
  | 'unusable_file'
  | 'pipeline_stalled'
  | 'interrupted';

/** Builds an error of the command line; `fields` fill the wording of its code and detail. */
export const cliError: ErrorBuilder<CliErrorCode> = errorBuilder();
