import type { CaptureErrorCode } from '@daggerml/capture';
import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';
import type { RepositoryErrorCode } from '@daggerml/repository';
import type { StoreErrorCode } from '@daggerml/store';
import type { ValuesErrorCode } from '@daggerml/values';

/** Every code of execution and of the packages that it stands on, apart from the object model and the store. */
export type ExecutionErrorCode = ValuesErrorCode | RepositoryErrorCode | CaptureErrorCode | OwnCode;

/**
 * Every code that execution adds to those of the packages below.
 *
 * @spec DML-EXE-2101
 */
type OwnCode =
  | 'illegal_transition'
  | 'invalid_option'
  | 'needs_unmet'
  | 'unreadable_file'
  | 'function_threw'
  | 'function_exited'
  | 'never_settled'
  | 'load_failed'
  | 'stack_overflow'
  | 'temporary_failure'
  | 'worker_lost'
  | 'timeout'
  | 'cancelled'
  | 'script_failed'
  | 'output_missing'
  | 'output_invalid'
  | 'program_missing'
  | 'sandbox_missing'
  | 'limit_exceeded'
  | 'input_failed'
  | 'nested_too_deep'
  | 'integrate_failed'
  | 'op_invalid'
  | 'op_run_unfinished'
  | 'op_run_active'
  | 'unknown_op_run'
  | 'unreachable'
  | 'adapter_protocol'
  | 'adapter_refused'
  | 'snapshot_invalid'
  | 'wrong_result';

/** Raised here as well, about what a run looks for in the store. */
type OfTheStore = Extract<StoreErrorCode, 'object_missing'>;

/**
 * The message of each code, for the author of a program.
 *
 * @spec DML-BND-1401
 */
const MESSAGES: Readonly<
  Record<OwnCode | OfTheStore, string> & Partial<Record<`${OwnCode}/${string}`, string>>
> = {
  illegal_transition: 'the event "{event}" cannot occur in the state "{state}"',
  invalid_option: '{problem}[; did you mean {nearest}?]',
  needs_unmet: 'no place here offers what a call needs[: {message}]',
  unreadable_file: '"{path}" cannot be read ({reason})',
  object_missing: 'the {class} {objectId} is not in the store',
  function_threw: 'the function threw[: {message}]',
  function_exited: 'the function called process.exit[: {message}]',
  never_settled: 'the function never settled: it awaits something that nothing resolves[: {message}]',
  load_failed: 'the code of a function could not be loaded[: {message}]',
  stack_overflow: 'the function exceeded the stack size of its thread[: {message}]',
  temporary_failure: 'the function failed with a TemporaryError[: {message}]',
  worker_lost: 'the worker of a call was lost[: {message}]',
  timeout: 'a call took longer than its limit[: {message}]',
  cancelled: 'interrupted; no call runs any more',
  script_failed: 'a script failed[: {message}]',
  output_missing: 'a script did not write an output that it declares[: {message}]',
  output_invalid: 'an output of a script is not what it is declared as[: {message}]',
  program_missing: 'a program could not be started[: {message}]',
  sandbox_missing: 'a script could not be run in a sandbox[: {message}]',
  limit_exceeded: 'a script exceeded a limit[: {message}]',
  input_failed: 'an input of the call failed[: {message}]',
  nested_too_deep: 'calls that functions make never end[: {message}]',
  integrate_failed: 'the result is incomplete[: {message}]',
  op_invalid: 'the ops cannot run: {reason}',
  op_run_unfinished: 'the run {runId} of the ops "{name}" has not ended; nothing was started',
  op_run_active: 'another process carries out the run {runId} of the ops "{name}"; nothing was started',
  unknown_op_run: 'no run of ops "{name}" is known',
  'unknown_op_run/unfinished': 'no run of ops "{name}" is unfinished',
  unreachable: 'a backend does not answer[: {message}]',
  adapter_protocol: 'an adapter broke the protocol[: {message}]',
  adapter_refused: 'an adapter refused the call[: {message}]',
  snapshot_invalid: 'a job is not of a call[: {message}]',
  wrong_result: 'a worker answered with the result of something else[: {message}]',
};

/** Builds execution's error; `fields` are facts for the Caller, never payload bytes. */
export const executionError: ErrorBuilder<OwnCode | OfTheStore> = errorBuilder(MESSAGES);
