import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Codes of what a reader looks for in dags and execs.
 *
 * @spec DML-REP-0201
 */
export type RepositoryErrorCode = 'not_executed' | 'call_failed' | 'unknown_name' | 'adapter_unknown';

const MESSAGES: Readonly<Record<RepositoryErrorCode, string>> = {
  not_executed: 'the node {nodeId} has no outcome here',
  call_failed: 'the call {nodeId} failed with {failureCode}: {message}',
  unknown_name: 'the dag {dagId} has no name "{name}"',
  adapter_unknown: 'no adapter here runs {uri}',
};

/** Creates an error of this package; `fields` are facts for the caller, never payload bytes. */
export const repositoryError: ErrorBuilder<RepositoryErrorCode> = errorBuilder(MESSAGES);
