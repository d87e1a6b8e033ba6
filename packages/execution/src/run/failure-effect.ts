import { isDmlError } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { ExecutionErrorCode } from '../errors.ts';
import type { LostAttempt } from '../worker/wire.ts';

/** Consequence of an attempt that failed outside of its function. */
type FailureEffect = 'attempt_again' | 'end_call' | 'end_run';

type AttemptCode =
  | LostAttempt['code']
  | Extract<
      ExecutionErrorCode,
      | 'timeout'
      | 'integrate_failed'
      | 'adapter_unknown'
      | 'cancelled'
      | 'program_missing'
      | 'sandbox_missing'
      | 'limit_exceeded'
      | 'needs_unmet'
      | 'unreachable'
      | 'adapter_protocol'
      | 'adapter_refused'
      | 'snapshot_invalid'
      | 'wrong_result'
    >;

/** The consequence of every code that an attempt can fail with; what concerns the whole store ends the run. */
const EFFECTS: Readonly<Record<AttemptCode | StoreErrorCode, FailureEffect>> = {
  worker_lost: 'attempt_again',
  temporary_failure: 'attempt_again',
  timeout: 'attempt_again',
  integrate_failed: 'attempt_again',
  needs_unmet: 'end_call',
  unreachable: 'attempt_again',
  adapter_protocol: 'attempt_again',
  load_failed: 'end_call',
  stack_overflow: 'end_call',
  unreadable_file: 'end_call',
  adapter_unknown: 'end_call',
  program_missing: 'end_call',
  sandbox_missing: 'end_call',
  limit_exceeded: 'end_call',
  adapter_refused: 'end_call',
  snapshot_invalid: 'end_call',
  wrong_result: 'attempt_again',
  cancelled: 'end_call',
  schema_newer: 'end_call',
  schema_older: 'end_call',
  engine_older: 'end_call',
  ref_name_invalid: 'end_call',
  ref_missing: 'end_call',
  ref_fixed: 'end_call',
  ref_target_missing: 'end_call',
  object_missing: 'end_call',
  object_withheld: 'end_call',
  object_too_large: 'end_call',
  sequence_unknown: 'end_call',
  gc_refused: 'end_call',
  transfer_invalid: 'end_call',
  history_invalid: 'end_call',
  excision_refused: 'end_call',
  compaction_refused: 'end_call',
  backup_refused: 'end_call',
  store_missing: 'end_run',
  store_gone: 'end_run',
  store_damaged: 'end_run',
  store_poisoned: 'end_run',
  store_write_failed: 'end_run',
  store_read_only: 'end_run',
  store_closed: 'end_run',
  store_close_failed: 'end_run',
  store_nested_write: 'end_run',
  store_misuse: 'end_run',
  store_open_elsewhere: 'end_run',
  store_worker_thread: 'end_run',
  store_network_filesystem: 'end_run',
  store_unwritable: 'end_run',
  store_unreadable: 'end_run',
  store_full: 'end_run',
  store_busy: 'end_run',
  session_lost: 'end_run',
};

function effectOf(code: string): FailureEffect {
  return Object.hasOwn(EFFECTS, code) ? EFFECTS[code as AttemptCode] : 'end_call';
}

/** Checks whether an attempt that failed with this code is made again; a `timeout` only where retries were given. */
export function isRetryable(code: string): boolean {
  return effectOf(code) === 'attempt_again';
}

/** Checks whether an error concerns the whole store rather than one missing object. */
export function isStoreFailure(error: unknown): boolean {
  return isDmlError(error) && effectOf(error.code) === 'end_run';
}
