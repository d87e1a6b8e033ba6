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
  | 'unknown_parameter'
  | 'invalid_parameter'
  | 'dag_failed'
  | 'dag_closed'
  | 'invalid_script';

/**
 * The message of each code, for the author of a program.
 *
 * @spec DML-BND-1402
 */
const MESSAGES: Readonly<
  Record<BindingsErrorCode, string> & Partial<Record<`${BindingsErrorCode}/${string}`, string>>
> = {
  repository_exists: '"{folder}" has a repository already',
  foreign_handle: '{path} is a handle of another dag (node {nodeId})',
  name_taken: 'the dag names two nodes "{name}"',
  reserved_name: 'the name "{name}" is reserved',
  invalid_name:
    '"{name}" cannot be a name ({reason})[: it is "{escaped}", with an accent apart from its letter]',
  unknown_parameter: 'there is no parameter "{parameter}"; there are: {known}[ (entry {entry})]',
  'unknown_parameter/none': 'there is no parameter "{parameter}": the pipeline has none[ (entry {entry})]',
  invalid_parameter: 'the parameter "{parameter}" {problem}[ (entry {entry})]',
  dag_failed: 'the call "{name}" failed: {failureCode}: {message}[; {others} failed too]',
  dag_closed: 'the dag "{dag}" was committed or closed already and takes no new nodes',
  invalid_script: 'the script cannot be run: {reason}',
};

/** Builds the bindings' error; `fields` are facts for the caller, never payload bytes. */
export const bindingsError: ErrorBuilder<BindingsErrorCode> = errorBuilder(MESSAGES);
