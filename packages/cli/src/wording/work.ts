import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { RepositoryErrorCode } from '@daggerml/repository';
import { EXIT } from '../invocation/exit-code.ts';
import { AGAIN, DEFECT } from './hints.ts';
import type { ErrorWording } from './wording.ts';

/** Wordings of errors while pipelines are read, run and committed. */
export const WORK_WORDINGS: Readonly<
  Record<Exclude<BindingsErrorCode | ExecutionErrorCode, RepositoryErrorCode>, ErrorWording>
> = {
  repository_exists: {
    exit: EXIT.refused,
    message: '"{folder}" has a repository already',
    hint: '"dml status" shows what it holds',
  },
  foreign_handle: {
    exit: EXIT.pipeline,
    message: '[{position}: ][{path}: ]a handle of another dag was used',
    hint: 'import the other dag and use its names',
  },
  name_taken: {
    exit: EXIT.pipeline,
    message: '[{position}: ]the dag names two nodes "{name}"',
    hint: 'give one of them another name',
  },
  reserved_name: {
    exit: EXIT.pipeline,
    message: '[{position}: ]the name "{name}" is reserved',
    hint: 'choose another name',
  },
  invalid_name: {
    exit: EXIT.pipeline,
    message:
      '[{position}: ]"{name}" cannot be a name ({reason})[: it is "{escaped}", with an accent apart from its letter]',
    hint:
      'a name has 1 to 255 bytes in the normal form NFC, as name.normalize() yields it, no control characters, ' +
      'and is not "." or ".."',
  },
  dag_failed: {
    exit: EXIT.callFailed,
    message: 'the call "{name}" failed: {failureCode}: {message}[; {others} failed too]',
    hint: '[see it with "dml show {nodeId}"; ]nothing was committed, finished calls are kept, and --retry-failed runs it anew',
  },
  dag_closed: {
    exit: EXIT.pipeline,
    message: '[{position}: ]the dag "{dag}" was committed or closed already',
    hint: 'add nodes before the pipeline returns',
  },
  unsupported_value: {
    exit: EXIT.pipeline,
    message: '[{position}: ]{path} is {found} and cannot be stored',
    hint: '{instead}',
    details: { handle: { message: '[{position}: ]{path} is {found}', hint: '{instead}' } },
  },
  cyclic_value: {
    exit: EXIT.pipeline,
    message: '[{position}: ]{path} is {found}',
    hint: '{instead}',
  },
  reserved_scheme: {
    exit: EXIT.pipeline,
    message: '[{position}: ][{path}: ]URIs with the scheme "dml" are reserved',
    hint: 'use another scheme',
  },
  unreadable_file: {
    exit: EXIT.pipeline,
    message: '[{position}: ]"{path}" cannot be read ({reason})',
    hint: 'paths are resolved from the folder of the pipeline file',
  },
  not_a_pipeline: {
    exit: EXIT.pipeline,
    message: '"{file}" exports no pipeline[ named "{wanted}"; it exports: {pipelines}]',
    hint: "export one: export const name = definePipeline('name', async (dag) => { … })[; in CommonJS, as here: {instead}]",
  },
  ambiguous_pipeline: {
    exit: EXIT.pipeline,
    message: '"{file}" exports several pipelines: {pipelines}',
    hint: 'name one: dml run <file> <pipeline>',
  },
  pipeline_missing: {
    exit: EXIT.pipeline,
    message: 'there is no file "{file}"',
    hint: 'give the path of a file that exports a pipeline',
  },
  pipeline_threw: {
    exit: EXIT.pipeline,
    message: '[{position}: ]{reason}',
    hint: 'the pipeline itself failed, not a call; nothing was committed[; see {file}]',
  },
  input_failed: { exit: EXIT.callFailed, message: 'an input of the call failed[: {message}]' },
  capture_failed: {
    exit: EXIT.pipeline,
    message: '[{position}: ]a function cannot be captured: {reason}[; {file} exports: {exports}]',
    hint: 'a function of a pipeline is an export of a file that can be bundled',
  },
  illegal_transition: {
    exit: EXIT.defect,
    message: 'the Executor met "{event}" in the state "{state}"',
    hint: DEFECT,
  },
  function_threw: { exit: EXIT.callFailed, message: 'a function threw[: {message}]' },
  function_exited: { exit: EXIT.callFailed, message: 'a function ended its process[: {message}]' },
  never_settled: { exit: EXIT.callFailed, message: 'a function never came to an end[: {message}]' },
  load_failed: {
    exit: EXIT.infrastructure,
    message: 'the code of a function could not be loaded[: {message}]',
    hint: 'mend what its file does when it is loaded',
  },
  stack_overflow: {
    exit: EXIT.infrastructure,
    message: 'a function used up the stack of its thread[: {message}]',
    hint: 'replace deep recursion by a loop; nothing was recorded',
  },
  temporary_failure: {
    exit: EXIT.infrastructure,
    message: 'a function failed for now[: {message}]',
    hint: AGAIN,
  },
  worker_lost: {
    exit: EXIT.infrastructure,
    message: 'the worker of a call was lost[: {message}]',
    hint: AGAIN,
  },
  timeout: {
    exit: EXIT.infrastructure,
    message: 'a call took longer than its limit[: {message}]',
    hint: 'raise timeoutMs, or make the call smaller',
  },
  cancelled: { exit: EXIT.interrupted, message: 'interrupted; no call runs any more', hint: AGAIN },
  integrate_failed: {
    exit: EXIT.infrastructure,
    message: 'a result is not complete[: {message}]',
    hint: AGAIN,
  },
};
