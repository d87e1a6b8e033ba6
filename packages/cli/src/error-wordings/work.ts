import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import { EXIT } from '../exit-code.ts';
import type { ErrorWording } from '../wording.ts';
import { AGAIN, DEFECT } from './hints.ts';

const TRUST = 'if you trust whoever can write there, run "dml trust {folder}"';

/** What can go wrong while pipelines are read, run and committed. */
export const WORK_WORDINGS: Readonly<Record<BindingsErrorCode | ExecutionErrorCode, ErrorWording>> = {
  repository_exists: {
    exit: EXIT.refused,
    message: '"{folder}" has a repository already',
    hint: '"dml status" shows what it holds',
  },
  not_a_repository: {
    exit: EXIT.notARepository,
    message: 'there is no repository in "{folder}" or above it',
    hint: '"dml init" creates one',
  },
  repository_unusable: {
    exit: EXIT.notARepository,
    message: '"{path}" is no repository',
    hint: 'look what is there',
    details: {
      dangling_link: {
        message: '"{path}" is a link that leads nowhere, so there is no repository in "{folder}" now',
        hint: 'bring back what the link leads to, such as a disk that is not mounted, or remove the link',
      },
      not_a_folder: {
        message: '"{path}" is no folder, so there is no repository in "{folder}"',
        hint: 'move it away, then run "dml init"',
      },
      unfinished_backup: {
        message: '"{folder}" holds a backup that is not finished',
        hint: 'run "dml backup {folder}" again in the repository that it is of; it goes on where it stopped',
      },
    },
  },
  unknown_name: {
    exit: EXIT.unknownObject,
    message: '[{position}: ]nothing is named "{name}"[ in {revision}]',
    hint: '"dml dag list" lists the dags, "dml show <dag>" the names inside one',
  },
  ambiguous_id: {
    exit: EXIT.ambiguous,
    message: '[{position}: ]"{name}" fits several: {candidates}',
    hint: 'give more digits',
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
    message: 'the call "{name}" failed: {failureCode}: {message}',
    hint: '[see it with "dml show {nodeId}"; ]nothing was committed, finished calls are kept, and --retry-failed runs it anew',
  },
  dag_closed: {
    exit: EXIT.pipeline,
    message: '[{position}: ]the dag "{dag}" was committed or closed already',
    hint: 'add nodes before the pipeline returns',
  },
  unwritable_folder: {
    exit: EXIT.storage,
    message: '"{folder}" cannot be written ({reason})',
    hint: 'check its permissions, or choose another folder',
  },
  repository_untrusted: {
    exit: EXIT.unsafe,
    message: '"{path}" may hold what somebody else put there',
    hint: TRUST,
    details: {
      other_owner: {
        message:
          '"{path}" belongs to another user (number {uid}), who decides what this repository returns and runs',
        hint: TRUST,
      },
      writable_by_all: {
        message: '"{path}" may be written to by everybody on this machine',
        hint: `take that right away with "chmod o-w"; or ${TRUST}`,
      },
    },
  },
  trust_list_unsafe: {
    exit: EXIT.unsafe,
    message: '"{path}" belongs to another user or may be written to by others, so nothing in it counts',
    hint: 'look what is in it, then make it yours alone: chown, chmod go-w',
  },
  trust_list_unreadable: {
    exit: EXIT.unsafe,
    message: 'the list of trusted repositories, "{path}", cannot be read ({reason})',
    hint: 'give yourself the right to read it, or set HOME or XDG_CONFIG_HOME to a folder of yours',
  },
  no_user_folder: {
    exit: EXIT.storage,
    message: 'there is no place for the list of trusted repositories',
    hint: 'set the variable HOME or XDG_CONFIG_HOME to an absolute path',
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
  not_executed: {
    exit: EXIT.unknownObject,
    message: 'the node {nodeId} has no outcome here',
    hint: 'name its dag through the commit that it belongs to: <commit>:<dag>',
  },
  call_failed: {
    exit: EXIT.callFailed,
    message: 'the call {nodeId} failed: {failureCode}: {message}',
    hint: '"dml show {nodeId}" shows more; "dml run --retry-failed" runs it anew',
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
  adapter_unknown: {
    exit: EXIT.pipeline,
    message: 'no adapter here runs "{uri}"',
    hint: 'only captured TypeScript functions run in this version',
  },
  function_threw: { exit: EXIT.callFailed, message: 'a function threw[: {message}]' },
  function_exited: { exit: EXIT.callFailed, message: 'a function ended its process[: {message}]' },
  never_settled: { exit: EXIT.callFailed, message: 'a function never came to an end[: {message}]' },
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
