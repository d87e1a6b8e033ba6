import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';

/**
 * Every code that execution adds to those of the object model and the store.
 *
 * @spec DML-EXE-2101
 */
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
  | 'adapter_unknown'
  | 'function_threw'
  | 'function_exited'
  | 'never_settled'
  | 'worker_lost'
  | 'timeout'
  | 'cancelled'
  | 'input_failed'
  | 'integrate_failed';

/** Raised here as well, about what a run looks for in the store. */
type OfTheStore = Extract<StoreErrorCode, 'object_missing'>;

/**
 * What each code says to a program's author.
 *
 * @spec DML-BND-1401
 */
const MESSAGES: Readonly<Record<ExecutionErrorCode | OfTheStore, string>> = {
  not_executed: 'the node {nodeId} has no outcome here',
  call_failed: 'the call {nodeId} failed with {failureCode}: {message}',
  unknown_name: 'the dag {dagId} has no name "{name}"',
  capture_failed: '[{file}: ]{reason}[; it exports: {exports}]',
  pipeline_missing: 'there is no file "{file}"',
  pipeline_threw: '{file}: {reason}',
  not_a_pipeline:
    '"{file}" exports no pipeline[ named "{wanted}"; it exports: {pipelines}][; in CommonJS, as here, one is exported by {instead}]',
  ambiguous_pipeline: '"{file}" exports several pipelines: {pipelines}',
  illegal_transition: 'the event "{event}" in the state "{state}"',
  unsupported_value: '{path} is {found}; {instead}',
  cyclic_value: '{path} is {found}; {instead}',
  reserved_scheme: '{path}: URIs with the scheme "dml" are reserved',
  unreadable_file: '"{path}" cannot be read ({reason})',
  object_missing: 'the {class} {objectId} is not in the store',
  adapter_unknown: 'no adapter here runs {uri}',
  function_threw: '{message}',
  function_exited: '{message}',
  never_settled: '{message}',
  worker_lost: '{message}',
  timeout: '{message}',
  cancelled: '{message}',
  input_failed: '{message}',
  integrate_failed: '{message}',
};

/** Builds execution's error; `fields` are facts for the Caller, never payload bytes. */
export const executionError: ErrorBuilder<ExecutionErrorCode | OfTheStore> = errorBuilder(MESSAGES);
