import type { ExecutionErrorCode } from '@daggerml/execution';
import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Every code that the bindings add to those of the packages below.
 *
 * @spec DML-BND-1405
 */
export type BindingsErrorCode =
  | 'repository_exists'
  | 'not_a_repository'
  | 'repository_unusable'
  | 'ambiguous_id'
  | 'foreign_handle'
  | 'name_taken'
  | 'reserved_name'
  | 'invalid_name'
  | 'dag_failed'
  | 'dag_closed'
  | 'unwritable_folder'
  | 'repository_untrusted'
  | 'trust_list_unsafe'
  | 'trust_list_unreadable'
  | 'no_user_folder';

/** Codes of lower packages that the bindings raise too. */
type OfExecution = Extract<ExecutionErrorCode, 'unknown_name' | 'unreadable_file' | 'pipeline_threw'>;

/**
 * The message of each code, for the author of a program.
 *
 * @spec DML-BND-1402
 */
const MESSAGES: Readonly<Record<BindingsErrorCode | OfExecution, string>> = {
  repository_exists: '"{folder}" has a repository already; Repository.open opens it',
  not_a_repository: 'there is no repository in "{folder}" or above it; Repository.init creates one',
  repository_unusable: '"{path}" is no repository ({detail})',
  trust_list_unreadable: 'the list of trusted repositories, "{path}", cannot be read ({reason})',
  unknown_name: 'nothing is named "{name}"[ in {revision}][; there are: {names}]',
  ambiguous_id: '"{name}" fits several objects: {candidates}',
  foreign_handle: '{path} is a handle of another dag (node {nodeId}); import that dag and use its names',
  name_taken: 'another node of the dag has the name "{name}"',
  reserved_name: 'the name "{name}" is reserved',
  invalid_name: '"{name}" cannot be a name ({reason})',
  dag_failed: 'the dag was not committed, because {failed} failed: {reason}',
  dag_closed: 'the dag "{dag}" was committed or closed already and takes no new nodes',
  unreadable_file: '"{path}" cannot be read ({reason})',
  unwritable_folder: '"{folder}" cannot be written ({reason})',
  pipeline_threw: '[{file}: ]{reason}',
  repository_untrusted:
    '"{path}" may hold what somebody else put there ({detail}); list "{folder}" as trusted, or open it with trust: true',
  trust_list_unsafe: '"{path}" belongs to another user or may be written to by others, so it does not count',
  no_user_folder:
    'the user has no configuration folder: neither XDG_CONFIG_HOME nor HOME is an absolute path',
};

/** Builds the bindings' error; `fields` are facts for the caller, never payload bytes. */
export const bindingsError: ErrorBuilder<BindingsErrorCode | OfExecution> = errorBuilder(MESSAGES);
