import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';
import { TOO_MANY_FILES } from '../process/too-many-files.ts';

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
  | 'tag_exists'
  | 'branch_current'
  | 'branch_unmerged'
  | 'head_moved'
  | 'newer_format'
  | 'infrastructure_failed'
  | 'unusable_file'
  | 'pipeline_stalled'
  | 'interrupted';

const MESSAGES: Readonly<
  Record<CliErrorCode, string> & Partial<Record<`${CliErrorCode}/${string}`, string>>
> = {
  unknown_command: 'there is no command "{word}"',
  unknown_option: 'there is no option "{word}" here',
  unreadable_repository: '"{path}" cannot be read ({errno})',
  newer_format:
    'a newer version of dml wrote a [{record} ]record here that this one cannot read; nothing is damaged',
  too_many_files: TOO_MANY_FILES,
  missing_argument: 'the argument "{word}" is missing',
  invalid_argument: '{problem}',
  'invalid_argument/not_utf8': 'the argument number {place}, "{word}", is not UTF-8 text, or holds U+FFFD',
  missing_folder: 'there is no folder "{folder}"',
  'missing_folder/gone': 'the current folder was deleted',
  'missing_folder/not_utf8': 'the path of the current folder is not UTF-8 text, or holds U+FFFD',
  path_exists: '"{path}" exists',
  'path_exists/no_file': '"{path}" exists and is no file',
  'path_exists/clone': '"{path}" {problem}; nothing was cloned',
  'path_exists/debug': '"{path}" exists; nothing was laid out',
  'path_exists/example': '"{path}" exists; nothing was created',
  path_changed:
    '"{path}" was created by another process during the export and is kept; the earlier content is in "{kept}"',
  protected_path: '"{path}" is in the repository, or holds it or the current folder, and is not replaced',
  holds_repository: '"{path}" holds a repository, and is not replaced',
  // @spec DML-CLI-1201
  unwritable_path: '"{path}" cannot be written ({errno})',
  'unwritable_path/file': '"{path}" cannot be made: a file stands there, or where a folder above it would be',
  unwritable_output: 'the result cannot be written to standard output ({errno})',
  binary_value: 'the value of "{name}" is binary data, which is not printed to a terminal',
  'binary_value/bundle': 'a bundle is binary data, which is not printed to a terminal',
  tag_exists: 'the tag "{tag}" exists',
  'tag_exists/reference': 'the tag "{tag}" exists, and its name would not lead to the reference',
  branch_exists: 'the branch "{branch}" exists',
  'branch_exists/reference': 'the branch "{branch}" exists, and its name would not lead to the reference',
  head_moved: '"{head}" was moved by another process',
  branch_current: 'the branch "{branch}" is the current one and cannot be deleted',
  branch_unmerged: 'the branch "{branch}" has commits that no other branch contains',
  'infrastructure_failed/needs_unmet': 'the call "{name}" did not run: {message}',
  // @spec DML-CLI-3710
  'infrastructure_failed/left_out': 'the call "{name}" did not run: {message}',
  'infrastructure_failed/withheld': 'the call "{name}" did not run: {message}',
  infrastructure_failed: 'the call "{name}" was lost: {failureCode}: {message}',
  unusable_file: '"{file}" {problem}',
  pipeline_stalled: 'the pipeline waits for something that can no longer happen',
  process_not_started: 'the process that runs the pipeline could not be started ({errno})',
  interrupted: 'interrupted',
  'interrupted/ops': 'interrupted; the run of ops has not ended',
};

/** Creates an error of the command line; `fields` fill in the words of its code and detail. */
export const cliError: ErrorBuilder<CliErrorCode> = errorBuilder(MESSAGES);
