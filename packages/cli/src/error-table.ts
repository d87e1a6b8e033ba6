import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { ErrorCode as ObjectModelErrorCode } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { CliErrorCode } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { ErrorWording } from './wording.ts';

/** Every code a command can end with. */
export type AnyErrorCode =
  | CliErrorCode
  | BindingsErrorCode
  | ExecutionErrorCode
  | StoreErrorCode
  | ObjectModelErrorCode;

const USAGE = '"dml [{command} ]--help" shows what it takes';
const DAMAGED = 'run "dml verify" to see what else is damaged; a copy of the repository may still have it';
const NOTHING_KEPT =
  'nothing of this step was kept; free space or mend permissions, then run the command again';
const FORMS = '"dml help references" shows the forms of a name';
const DEFECT = 'this is a defect of dml: run it again with DML_DEBUG=1 and report what it prints';
const AGAIN = 'run it again; finished calls are kept';
const IN_A_MOMENT = 'run the command again in a moment';
const UPDATE = 'update dml: npm install --global @daggerml/cli';
const BAD_RECORD: ErrorWording = {
  exit: EXIT.storage,
  message: 'a record is not valid ({detail})',
  hint: DAMAGED,
};

/**
 * Error code → exit code, wording and next step; the one place that knows them.
 *
 * @spec DML-CLI-0502
 */
export const ERROR_TABLE: Readonly<Record<AnyErrorCode, ErrorWording>> = {
  // the command line itself
  unknown_command: {
    exit: EXIT.usage,
    message: 'there is no command "{word}"',
    hint: '[did you mean: {nearest}? ]"dml [{command} ]--help" lists all commands',
  },
  unknown_option: {
    exit: EXIT.usage,
    message: 'there is no option "{word}" here',
    hint: '[did you mean: {nearest}? ]"dml [{command} ]--help" lists the options',
  },
  unreadable_repository: {
    exit: EXIT.storage,
    message: '"{path}" cannot be read ({errno})',
    hint: 'check the permissions of the folder and of the files in it',
  },
  missing_argument: { exit: EXIT.usage, message: 'the argument "{word}" is missing', hint: USAGE },
  invalid_argument: { exit: EXIT.usage, message: '{problem}', hint: USAGE },
  path_exists: {
    exit: EXIT.refused,
    message: '"{path}" exists',
    hint: 'choose another path, or give --force to replace it',
  },
  protected_path: {
    exit: EXIT.refused,
    message: '"{path}" holds the repository or the current folder and is not replaced',
    hint: 'choose a path of its own',
  },
  unwritable_path: {
    exit: EXIT.storage,
    message: '"{path}" cannot be written ({errno})',
    hint: 'check its permissions and the space on its disk, or choose another path',
  },
  not_exportable: {
    exit: EXIT.refused,
    message: 'the value of "{name}" has the kind {found}; only blobs and maps become files',
    hint: '"dml cat {name}" prints it',
  },
  branch_exists: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" exists',
    hint: 'choose another name, or "dml merge {branch} <source>" to move it forward',
  },
  wrong_class: {
    exit: EXIT.usage,
    message: '"{name}" names an object of the class {found}, not a {wanted}',
    hint: `"dml show {name}" prints what it holds; ${FORMS}`,
  },
  // @spec DML-CLI-0607
  unknown_object: {
    exit: EXIT.unknownObject,
    message: 'nothing here is named "{name}"',
    hint: `[did you mean: {nearest}? ]"dml dag list" and "dml heads" list names; ${FORMS}`,
    details: {
      ref: {
        message: 'there is no ref "{name}"',
        hint: '[did you mean: {nearest}? ]"dml heads" lists the branches; "dml show" takes other names too',
      },
      branch: {
        message: 'there is no branch "{name}"',
        hint: '[did you mean: {nearest}? ]"dml heads" lists the branches',
      },
      dag: {
        message: 'nothing here is named "{name}": the commit {inside} has no dag "{word}"',
        hint: '[did you mean: {nearest}? ]"dml show {inside}" lists its dags',
      },
      node: {
        message: 'nothing here is named "{name}": the dag {inside} names no node "{word}"',
        hint: '[did you mean: {nearest}? ]"dml show {inside}" lists its nodes and their names',
      },
      history: {
        message: 'nothing here is named "{name}": the history of {inside} is not that long',
        hint: '"dml log {inside}" lists its commits',
      },
    },
  },
  unknown_index: {
    exit: EXIT.unknownObject,
    message: 'there is no work in progress named "{name}"',
    hint: '"dml index list" lists what there is',
  },
  no_commit: {
    exit: EXIT.unknownObject,
    message: 'the branch "{branch}" has no commit yet',
    hint: '"dml run <file>" makes the first one',
  },
  no_value: {
    exit: EXIT.unknownObject,
    message: '"{name}" ({found}) does not stand for one value',
    hint: 'name a dag, a node or a datum[, for example: {inside}]',
  },
  ambiguous_prefix: {
    exit: EXIT.ambiguous,
    message: '"{name}" fits several: {candidates}',
    hint: 'give more digits; "dml show" with all digits of one prints what it is',
  },
  short_prefix: {
    exit: EXIT.ambiguous,
    message: '"{name}" names nothing and is too short for an id',
    hint: `give at least 4 digits; "dml dag list" and "dml heads" list names; ${FORMS}`,
  },
  infrastructure_failed: {
    exit: EXIT.infrastructure,
    message: 'the call "{name}" was lost: {failureCode}: {message}',
    hint: `nothing was committed and no failure was recorded: ${AGAIN}`,
  },
  unusable_file: {
    exit: EXIT.pipeline,
    message: '"{file}" {problem}',
    hint: 'give the path of a TypeScript or JavaScript file that exports a pipeline',
  },
  pipeline_stalled: {
    exit: EXIT.pipeline,
    message: 'the pipeline waits for something that can no longer happen',
    hint: 'look for a promise that nothing settles',
  },
  interrupted: { exit: EXIT.interrupted, message: 'interrupted', hint: 'run the command again to go on' },

  // bindings and execution
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
  unknown_name: {
    exit: EXIT.unknownObject,
    message: 'nothing is named "{name}"[ in {revision}]',
    hint: '"dml dag list" lists the dags, "dml show <dag>" the names inside one',
  },
  ambiguous_id: {
    exit: EXIT.ambiguous,
    message: '"{name}" fits several: {candidates}',
    hint: 'give more digits',
  },
  not_fast_forward: {
    exit: EXIT.refused,
    message: '"{target}" and "{source}" have diverged, and a merge only moves a branch forward',
    hint:
      'run the pipeline again on top of {target}: "dml switch {target}", then "dml run <file>"; ' +
      'calls that {source} computed are not computed again',
  },
  head_moved: {
    exit: EXIT.refused,
    message: '"{head}" moved meanwhile',
    hint: 'run the command again',
  },
  foreign_handle: {
    exit: EXIT.pipeline,
    message: '[{path}: ]a handle of another dag was used',
    hint: 'import the other dag and use its names',
  },
  name_taken: {
    exit: EXIT.pipeline,
    message: 'the dag names two nodes "{name}"',
    hint: 'give one of them another name',
  },
  reserved_name: {
    exit: EXIT.pipeline,
    message: 'the name "{name}" is reserved',
    hint: 'choose another name',
  },
  invalid_name: {
    exit: EXIT.pipeline,
    message: '"{name}" cannot be a name ({reason})',
    hint: 'a name has 1 to 255 bytes, no control characters, and is not "." or ".."',
  },
  dag_failed: {
    exit: EXIT.callFailed,
    message: 'the call "{name}" failed: {failureCode}: {message}',
    hint: '[see it with "dml show {nodeId}"; ]nothing was committed, finished calls are kept, and --retry-failed runs it anew',
  },
  dag_closed: {
    exit: EXIT.pipeline,
    message: 'the dag "{dag}" was committed or closed already',
    hint: 'add nodes before the pipeline returns',
  },
  unwritable_folder: {
    exit: EXIT.storage,
    message: '"{folder}" cannot be written ({reason})',
    hint: 'check its permissions, or choose another folder',
  },
  unsupported_value: {
    exit: EXIT.pipeline,
    message: '{path} is {found} and cannot be stored',
    hint: '{instead}',
  },
  cyclic_value: {
    exit: EXIT.pipeline,
    message: '{path} is {found}',
    hint: '{instead}',
  },
  reserved_scheme: {
    exit: EXIT.pipeline,
    message: '[{path}: ]URIs with the scheme "dml" are reserved',
    hint: 'use another scheme',
  },
  unreadable_file: {
    exit: EXIT.pipeline,
    message: '"{path}" cannot be read ({reason})',
    hint: 'paths are resolved from the folder of the pipeline file',
  },
  not_a_pipeline: {
    exit: EXIT.pipeline,
    message: '"{file}" exports no pipeline[ named "{wanted}"; it exports: {pipelines}]',
    hint: "export one: export const name = definePipeline('name', async (dag) => { … })",
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
  object_missing: { exit: EXIT.storage, message: 'the object {objectId} is not in the store', hint: DAMAGED },
  adapter_unknown: {
    exit: EXIT.pipeline,
    message: 'no adapter here runs "{uri}"',
    hint: 'only captured TypeScript functions run in this version',
  },
  function_missing: { exit: EXIT.callFailed, message: 'the captured code has no such function[: {message}]' },
  function_threw: { exit: EXIT.callFailed, message: 'a function threw[: {message}]' },
  never_settled: { exit: EXIT.callFailed, message: 'a function never came to an end[: {message}]' },
  builtin_refused: { exit: EXIT.callFailed, message: 'a builtin refused its inputs[: {message}]' },
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
  unreachable: { exit: EXIT.infrastructure, message: 'a backend does not answer[: {message}]', hint: AGAIN },
  cancelled: { exit: EXIT.interrupted, message: 'interrupted; no call runs any more', hint: AGAIN },
  integrate_failed: {
    exit: EXIT.infrastructure,
    message: 'a result is not complete[: {message}]',
    hint: AGAIN,
  },

  // store
  store_missing: {
    exit: EXIT.notARepository,
    message: 'there is no store in "{path}"',
    hint: '"dml init" creates a repository',
  },
  store_exists: {
    exit: EXIT.refused,
    message: 'there is a store already',
    hint: '"dml status" shows what it holds',
  },
  store_damaged: {
    exit: EXIT.storage,
    message: 'the store is damaged ({detail}[ in {table}])',
    hint: DAMAGED,
  },
  store_poisoned: {
    exit: EXIT.storage,
    message: 'an earlier write failed, so nothing more was written',
    hint: NOTHING_KEPT,
  },
  store_write_failed: { exit: EXIT.storage, message: 'the store could not be written', hint: NOTHING_KEPT },
  store_read_only: {
    exit: EXIT.defect,
    message: 'a command that reads tried to write ({label})',
    hint: DEFECT,
  },
  store_closed: { exit: EXIT.defect, message: 'the store was closed already', hint: DEFECT },
  store_nested_write: {
    exit: EXIT.defect,
    message: 'a write was begun inside another one ({label})',
    hint: DEFECT,
  },
  store_misuse: { exit: EXIT.defect, message: 'the store was used wrongly ({detail})', hint: DEFECT },
  store_open_elsewhere: {
    exit: EXIT.defect,
    message: 'this process has the store open already',
    hint: DEFECT,
  },
  store_worker_thread: { exit: EXIT.defect, message: 'a store opens only in the main thread', hint: DEFECT },
  store_network_filesystem: {
    exit: EXIT.storage,
    message: '"{path}" is on a network file system ({kind})',
    hint: 'keep the repository on a local disk; the store would not be safe there',
  },
  store_unwritable: {
    exit: EXIT.storage,
    message: '"{path}" cannot be written ({errno})',
    hint: 'check the permissions of the folder and the space on its disk; commands that read use its lock table too',
    details: {
      folder_not_empty: {
        message: '"{path}" holds other things than a store',
        hint: 'choose a place of its own for the repository, or move them away',
      },
    },
  },
  store_busy: {
    exit: EXIT.storage,
    message: 'the store is busy ({detail})',
    hint: IN_A_MOMENT,
    details: {
      readers: {
        message: 'too many processes read the store: all {limit} places are taken',
        hint: 'run the command again when some of them have ended',
      },
      locks: {
        message:
          'the processes that used the store before left its locks unusable, and some of them still hold it',
        hint: 'run the command again when the other commands on this repository have ended',
      },
      compacting: { message: 'another process compacts the store', hint: IN_A_MOMENT },
      replaced: { message: 'another process has just compacted the store', hint: IN_A_MOMENT },
    },
  },
  store_full: {
    exit: EXIT.storage,
    message: 'there is not enough space for the repository: {neededBytes} needed, {availableBytes} left',
    hint: 'nothing of this step was written; free space on its disk, then run the command again',
  },
  // @spec DML-CLI-1202
  schema_newer: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml knows schemas up to {supported}',
    hint: UPDATE,
  },
  schema_older: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml needs schema {supported}',
    hint: 'a command that writes brings it up to date, for example "dml gc"',
  },
  engine_older: {
    exit: EXIT.newer,
    message: 'the engine {engine} wrote the repository; this dml has {supported}',
    hint: UPDATE,
  },
  ref_name_invalid: {
    exit: EXIT.usage,
    message: '"{refName}" is not a valid name',
    hint: 'a name has 1 to 255 bytes, no control characters, and is not "." or ".."',
  },
  ref_missing: {
    exit: EXIT.unknownObject,
    message: 'there is no such ref',
    hint: '"dml heads" lists the branches',
  },
  ref_target_missing: { exit: EXIT.storage, message: 'the commit {commitId} is not complete', hint: DAMAGED },
  object_too_large: {
    exit: EXIT.pipeline,
    message: 'a {class} of {sizeBytes} is above the limit of {limitBytes}',
    hint: 'store large content as a blob',
  },
  revision_invalid: {
    exit: EXIT.usage,
    message: '"{revision}" is not a revision',
    hint: 'for example: main, main~2, 3f2a9c',
  },
  sequence_unknown: {
    exit: EXIT.unknownObject,
    message: 'the journal ends at {lastSequence}, before {sequence}',
  },
  gc_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was deleted, because it would not be safe ({detail})',
    hint: 'run "dml verify" to see what is damaged',
    details: {
      no_roots: {
        message: 'nothing was deleted: there is no commit yet',
        hint: '"dml run <file>" makes the first one',
      },
      already_running: {
        message: 'nothing was deleted: the process {pid} is collecting already',
        hint: 'wait until it has ended',
      },
      claim_lost: {
        message: 'the collection ended early: another process took it over',
        hint: 'wait until it has ended',
      },
    },
  },
  transfer_invalid: {
    exit: EXIT.storage,
    message: 'the stream is not valid ({detail})',
    hint: 'make the file anew',
  },
  compaction_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was compacted ({detail})',
    hint: 'run "dml verify" first',
  },
  excision_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was excised ({detail})',
    hint: '"dml show" prints what the object is',
  },
  history_invalid: { exit: EXIT.storage, message: 'the history is not valid ({detail})', hint: DAMAGED },

  // object model: what reaches the user is a damaged or hostile record, or a value of a pipeline
  invalid_header: BAD_RECORD,
  invalid_bounds: BAD_RECORD,
  invalid_kind: BAD_RECORD,
  invalid_payload: {
    ...BAD_RECORD,
    details: {
      excised: {
        // @spec DML-CLI-0827
        message: 'the {class} {objectId} was excised by {actor}: {reason}[ – {message}]',
        hint: 'its bytes were taken out on purpose; "dml log" shows which commits are left',
      },
    },
  },
  invalid_utf8: {
    exit: EXIT.pipeline,
    message: 'a text is not valid ({detail})',
    hint: 'texts are Unicode without lone surrogates',
  },
};
