import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { RepositoryErrorCode } from '@daggerml/repository';
import { EXIT } from '../invocation/exit-code.ts';
import { AGAIN, DEFECT } from './hints.ts';
import type { ErrorAdvice } from './wording.ts';

/** Next steps for errors while pipelines are read, run and committed. */
export const WORK_ADVICE: Readonly<
  Record<Exclude<BindingsErrorCode | ExecutionErrorCode, RepositoryErrorCode>, ErrorAdvice>
> = {
  repository_exists: {
    exit: EXIT.refused,
    hint: '"dml status" shows what it holds',
  },
  foreign_handle: { exit: EXIT.pipeline },
  name_taken: {
    exit: EXIT.pipeline,
    hint: 'give one of them another name',
  },
  reserved_name: {
    exit: EXIT.pipeline,
    hint: 'choose another name',
  },
  invalid_name: {
    exit: EXIT.pipeline,
    hint:
      'a name has 1 to 255 bytes in the normal form NFC, as name.normalize() yields it, no control characters, ' +
      'and is not "." or ".."',
  },
  dag_failed: {
    exit: EXIT.callFailed,
    hint: '[see it with "dml show {nodeId}"; ]nothing was committed, finished calls are kept: mend the function or its inputs and run again, or try the same call again with --retry-failed',
  },
  dag_closed: {
    exit: EXIT.pipeline,
    hint: 'add nodes before the pipeline returns',
  },
  unsupported_value: { exit: EXIT.pipeline },
  cyclic_value: { exit: EXIT.pipeline },
  reserved_scheme: {
    exit: EXIT.pipeline,
    hint: 'use another scheme',
  },
  unreadable_file: {
    exit: EXIT.pipeline,
    hint: 'paths are resolved from the folder of the pipeline file',
  },
  not_a_pipeline: { exit: EXIT.pipeline },
  ambiguous_pipeline: {
    exit: EXIT.pipeline,
    hint: 'name one: dml run <file> <pipeline>',
  },
  pipeline_missing: {
    exit: EXIT.pipeline,
    hint: 'give the path of the file of the pipeline, or of the function',
  },
  pipeline_threw: {
    exit: EXIT.pipeline,
    hint: 'the pipeline itself failed, not a call; nothing was committed[; see {file}]',
  },
  input_failed: { exit: EXIT.callFailed },
  capture_failed: {
    exit: EXIT.pipeline,
    hint: 'a function of a pipeline is an export of a file that can be bundled',
  },
  illegal_transition: { exit: EXIT.defect, hint: DEFECT },
  function_threw: { exit: EXIT.callFailed },
  function_exited: { exit: EXIT.callFailed },
  never_settled: { exit: EXIT.callFailed },
  load_failed: {
    exit: EXIT.infrastructure,
    hint: 'mend what its file does when it is loaded',
  },
  stack_overflow: {
    exit: EXIT.infrastructure,
    hint: 'replace deep recursion by a loop; nothing was recorded',
  },
  temporary_failure: { exit: EXIT.infrastructure, hint: AGAIN },
  worker_lost: { exit: EXIT.infrastructure, hint: AGAIN },
  timeout: {
    exit: EXIT.infrastructure,
    hint: 'raise timeoutMs, or make the call smaller',
  },
  cancelled: { exit: EXIT.interrupted, hint: AGAIN },
  integrate_failed: { exit: EXIT.infrastructure, hint: AGAIN },
};
