import type { ExecutionErrorCode } from '@daggerml/execution';
import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Every code that the bindings add to those of the packages below.
 *
 * @spec DML-BND-1405
 */
export type BindingsErrorCode =
  | 'repository_exists'
  | 'foreign_handle'
  | 'name_taken'
  | 'reserved_name'
  | 'invalid_name'
  | 'dag_failed'
  | 'dag_closed';

/** Raised here as well, about what the bindings look up, read and run themselves. */
type OfExecution = Extract<ExecutionErrorCode, 'unreadable_file' | 'pipeline_threw'>;

/**
 * The message of each code, for the author of a program.
 *
 * @spec DML-BND-1402
 */
const MESSAGES: Readonly<Record<BindingsErrorCode | OfExecution, string>> = {
  repository_exists: '"{folder}" has a repository already; Repository.open opens it',
  foreign_handle: '{path} is a handle of another dag (node {nodeId}); import that dag and use its names',
  name_taken: 'another node of the dag has the name "{name}"',
  reserved_name: 'the name "{name}" is reserved',
  invalid_name: '"{name}" cannot be a name ({reason})',
  dag_failed: 'the dag was not committed, because {failed} failed: {reason}',
  dag_closed: 'the dag "{dag}" was committed or closed already and takes no new nodes',
  unreadable_file: '"{path}" cannot be read ({reason})',
  pipeline_threw: '[{file}: ]{reason}',
};

/** Builds the bindings' error; `fields` are facts for the caller, never payload bytes. */
export const bindingsError: ErrorBuilder<BindingsErrorCode | OfExecution> = errorBuilder(MESSAGES);
