import { fail } from '../errors.ts';
import type { ExecRecord } from './record-types.ts';

/**
 * Throws where the members of an exec, each well formed, contradict each other: `invalid_payload` with `exec_times` or
 * `exec_source_fields`.
 */
export function checkExec(exec: ExecRecord): void {
  if (exec.nodeKind === 'builtin') return;
  const { startedMs, finishedMs, sourceExecId, requestId, receiptDatumId } = exec;
  // @spec DML-OBJ-1509
  if ((startedMs === null) !== (finishedMs === null) || finishedMs! < startedMs!) fail('exec_times');
  // @spec DML-OBJ-1513
  if (sourceExecId !== null && (startedMs !== null || requestId !== null || receiptDatumId !== null))
    fail('exec_source_fields');
}
