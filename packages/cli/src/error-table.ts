import type { BindingsErrorCode } from '@daggerml/bindings';
import type { ExecutionErrorCode } from '@daggerml/execution';
import type { ErrorCode as ObjectModelErrorCode } from '@daggerml/object-model';
import type { StoreErrorCode } from '@daggerml/store';
import type { CliErrorCode } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** Every code a command can end with. */
export type AnyErrorCode =
  | CliErrorCode
  | BindingsErrorCode
  | ExecutionErrorCode
  | StoreErrorCode
  | ObjectModelErrorCode;

/** How the command line words an error: `{field}` is filled in from the error's fields. */
export interface ErrorWording {
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint?: string;
}

const DAMAGED = 'run "dml verify" to see what else is damaged; a copy or a remote may still have it';
const FREE_SPACE = 'nothing of this step was kept; free space or mend permissions, then run the command again';
const DEFECT = 'this is a defect of dml: please report it with the command and DML_DEBUG=1';

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
    hint: 'did you mean: {nearest}? "dml --help" lists all commands',
  },
  unknown_option: {
    exit: EXIT.usage,
    message: 'there is no option "{word}"',
    hint: 'did you mean: {nearest}? "dml <command> --help" lists a command\'s options',
  },
  missing_argument: {
    exit: EXIT.usage,
    message: 'the argument "{word}" is missing',
    hint: '"dml <command> --help" shows what it takes',
  },
  invalid_argument: { exit: EXIT.usage, message: '{problem}', hint: '"dml <command> --help" shows what it takes' },
  path_exists: {
    exit: EXIT.refused,
    message: '"{path}" exists',
    hint: 'choose another path, or give --force to overwrite it',
  },
  unwritable_path: { exit: EXIT.storage, message: '"{path}" cannot be written: {problem}' },
  not_exportable: {
    exit: EXIT.refused,
    message: '"{name}" is {found}, not a blob and not a map',
    hint: '"dml cat {name}" prints it',
  },
  branch_exists: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" exists',
    hint: 'choose another name, or "dml merge {branch} <source>" to move it forward',
  },
  wrong_class: { exit: EXIT.usage, message: '"{name}" is a {found}, not a {wanted}', hint: '"dml show {name}" prints it' },
  unknown_object: {
    exit: EXIT.unknownObject,
    message: 'nothing here is named "{name}"',
    hint: 'did you mean: {nearest}? "dml dag list" and "dml heads" list what there is',
  },
  unknown_index: {
    exit: EXIT.unknownObject,
    message: 'there is no work in progress named "{name}"',
    hint: '"dml index list" lists what there is',
  },
  no_value: {
    exit: EXIT.unknownObject,
    message: '"{name}" is {found} and does not stand for one value',
    hint: 'name one of its dags? {inside}',
  },
  ambiguous_prefix: {
    exit: EXIT.ambiguous,
    message: '"{name}" fits several: {candidates}',
    hint: 'give more digits',
  },
  short_prefix: {
    exit: EXIT.ambiguous,
    message: '"{name}" is too short for an id',
    hint: 'give at least 4 digits',
  },
  unsafe_path: {
    exit: EXIT.refused,
    message: 'the key "{key}" cannot become a file of its own below the target',
    hint: '"dml cat" prints the value instead',
  },
  interrupted: { exit: EXIT.interrupted, message: 'interrupted; finished calls are kept', hint: 'run it again to go on' },

  // bindings and execution
  repository_exists: { exit: EXIT.refused, message: '"{folder}" has a repository already' },
  not_a_repository: {
    exit: EXIT.notARepository,
    message: 'there is no repository in "{folder}" or above it',
    hint: '"dml init" creates one',
  },
  unknown_name: { exit: EXIT.unknownObject, message: 'nothing is named "{name}"', hint: '"dml show" lists names' },
  ambiguous_id: { exit: EXIT.ambiguous, message: '"{id}" fits several: {candidates}', hint: 'give more digits' },
  not_fast_forward: {
    exit: EXIT.refused,
    message: '"{target}" has commits that "{source}" lacks',
    hint: 'start from the newer branch: "dml switch {target}", then run the pipeline again',
  },
  head_moved: { exit: EXIT.refused, message: '"{head}" moved meanwhile', hint: 'run it again; finished calls are kept' },
  foreign_handle: {
    exit: EXIT.pipeline,
    message: 'a handle of another dag was used',
    hint: 'import the other dag and use its names',
  },
  name_taken: { exit: EXIT.pipeline, message: 'the dag names two nodes "{name}"', hint: 'give one of them another name' },
  reserved_name: { exit: EXIT.pipeline, message: 'the name "{name}" is reserved', hint: 'choose another name' },
  invalid_name: { exit: EXIT.pipeline, message: '"{name}" cannot be a name', hint: 'use 1 to 255 bytes without control characters' },
  dag_failed: {
    exit: EXIT.callFailed,
    message: 'the call "{name}" failed: {failureCode}: {message}',
    hint: 'nothing was committed; finished calls are kept, and --retry-failed runs a failed one anew',
  },
  dag_closed: { exit: EXIT.pipeline, message: 'the dag was committed already', hint: 'add nodes before the commit' },
  unwritable_folder: {
    exit: EXIT.storage,
    message: '"{folder}" cannot be written ({reason})',
    hint: 'check its permissions, or choose another folder',
  },
  unsupported_value: {
    exit: EXIT.pipeline,
    message: '{path}: {found} cannot be stored',
    hint: 'use null, booleans, numbers, bigints, text, bytes, arrays, sets, maps, plain objects or blobs',
  },
  cyclic_value: { exit: EXIT.pipeline, message: '{path} contains itself', hint: 'store a value without cycles' },
  reserved_scheme: { exit: EXIT.pipeline, message: 'URIs with the scheme "dml" are reserved', hint: 'use another scheme' },
  unreadable_file: { exit: EXIT.pipeline, message: '"{path}" cannot be read: {problem}' },
  not_a_pipeline: {
    exit: EXIT.pipeline,
    message: '"{path}" exports no pipeline',
    hint: 'export one: export const name = definePipeline(async (dag) => { … })',
  },
  ambiguous_pipeline: {
    exit: EXIT.pipeline,
    message: '"{path}" exports several pipelines: {names}',
    hint: 'name one: dml run {path} <pipeline>',
  },
  pipeline_missing: { exit: EXIT.pipeline, message: 'there is no file "{path}"', hint: 'give the path of a pipeline file' },
  pipeline_threw: { exit: EXIT.pipeline, message: '{message}', hint: 'the pipeline threw this at {position}? nothing was committed' },
  not_executed: {
    exit: EXIT.unknownObject,
    message: 'a node has no outcome in this commit',
    hint: 'name the dag through the commit it belongs to: <commit>:<dag>',
  },
  call_failed: { exit: EXIT.callFailed, message: 'the call failed: {failureCode}: {message}' },
  input_failed: { exit: EXIT.callFailed, message: 'an input of the call failed' },
  capture_failed: { exit: EXIT.pipeline, message: 'the code of "{name}" cannot be captured: {problem}' },
  illegal_transition: { exit: EXIT.defect, message: 'the Executor met an impossible event', hint: DEFECT },
  object_missing: { exit: EXIT.storage, message: 'the {class} {objectId} is not in the store', hint: DAMAGED },
  adapter_unknown: { exit: EXIT.pipeline, message: 'no adapter here runs "{uri}"' },
  function_missing: { exit: EXIT.callFailed, message: 'the captured code has no function "{name}"' },
  function_threw: { exit: EXIT.callFailed, message: 'the function threw: {message}' },
  builtin_refused: { exit: EXIT.callFailed, message: 'a builtin refused its inputs: {message}' },
  worker_lost: { exit: EXIT.infrastructure, message: 'the worker of a call was lost: {reason}', hint: 'run it again; finished calls are kept' },
  timeout: { exit: EXIT.infrastructure, message: 'a call took longer than its limit', hint: 'raise timeoutMs, or make the call smaller' },
  unreachable: { exit: EXIT.infrastructure, message: 'a backend does not answer', hint: 'run it again; finished calls are kept' },
  cancelled: { exit: EXIT.interrupted, message: 'cancelled; finished calls are kept', hint: 'run it again to go on' },
  integrate_failed: { exit: EXIT.infrastructure, message: 'a result is not complete', hint: 'run it again; finished calls are kept' },

  // store
  store_missing: { exit: EXIT.notARepository, message: 'there is no store in "{path}"', hint: '"dml init" creates a repository' },
  store_exists: { exit: EXIT.refused, message: '"{path}" has a store already' },
  store_damaged: { exit: EXIT.storage, message: 'the store is damaged ({detail})', hint: DAMAGED },
  store_poisoned: { exit: EXIT.storage, message: 'an earlier write failed, so nothing more was written', hint: FREE_SPACE },
  store_write_failed: { exit: EXIT.storage, message: 'the store could not be written', hint: FREE_SPACE },
  store_read_only: { exit: EXIT.storage, message: 'the store was opened for reading only' },
  store_closed: { exit: EXIT.defect, message: 'the store was closed already', hint: DEFECT },
  store_nested_write: { exit: EXIT.defect, message: 'a write was begun inside another one', hint: DEFECT },
  store_misuse: { exit: EXIT.defect, message: 'the store was used wrongly ({detail})', hint: DEFECT },
  store_open_elsewhere: { exit: EXIT.defect, message: 'this process has the store open already', hint: DEFECT },
  store_worker_thread: { exit: EXIT.defect, message: 'a store opens only in the main thread', hint: DEFECT },
  store_network_filesystem: {
    exit: EXIT.storage,
    message: '"{path}" is on a network file system ({kind})',
    hint: 'keep the repository on a local disk; the store would not be safe there',
  },
  store_unwritable: {
    exit: EXIT.storage,
    message: '"{path}" cannot be written ({errno})',
    hint: 'check the permissions of the folder and the space on its disk',
  },
  store_full: { exit: EXIT.storage, message: 'the store has reached its largest size', hint: FREE_SPACE },
  schema_newer: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml knows up to {supported}',
    hint: 'update dml: npm install --global @daggerml/cli',
  },
  schema_older: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml needs {supported}',
    hint: 'any command that writes migrates it, for example "dml gc"',
  },
  engine_older: {
    exit: EXIT.newer,
    message: 'a newer engine wrote the repository; this one is {supported}',
    hint: 'update dml: npm install --global @daggerml/cli',
  },
  ref_name_invalid: {
    exit: EXIT.usage,
    message: '"{refName}" is not a valid name',
    hint: 'a name has 1 to 255 bytes, no control characters, and is not "." or ".."',
  },
  ref_missing: { exit: EXIT.unknownObject, message: 'there is no ref "{ref}"', hint: '"dml heads" lists the branches' },
  ref_target_missing: { exit: EXIT.storage, message: 'the commit {commitId} is not complete', hint: DAMAGED },
  object_too_large: { exit: EXIT.pipeline, message: 'a record of {sizeBytes} bytes is above the limit', hint: 'store large content as a blob' },
  revision_invalid: { exit: EXIT.usage, message: '"{revision}" is not a revision', hint: 'for example: main, main~2, 3f2a9c' },
  sequence_unknown: { exit: EXIT.unknownObject, message: 'the journal ends at {lastSequence}' },
  gc_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was deleted, because it would not be safe ({detail})',
    hint: '"dml verify" tells more; without any commit there is nothing to keep',
  },
  transfer_invalid: { exit: EXIT.storage, message: 'the stream is not valid ({detail})' },
  history_invalid: { exit: EXIT.storage, message: 'the history is not valid ({detail})', hint: DAMAGED },

  // object model: what reaches the user is a damaged or hostile record
  invalid_header: { exit: EXIT.storage, message: 'a record is not valid ({detail})', hint: DAMAGED },
  invalid_bounds: { exit: EXIT.storage, message: 'a record is not valid ({detail})', hint: DAMAGED },
  invalid_kind: { exit: EXIT.storage, message: 'a record is not valid ({detail})', hint: DAMAGED },
  invalid_payload: { exit: EXIT.storage, message: 'a record is not valid ({detail})', hint: DAMAGED },
  invalid_utf8: { exit: EXIT.pipeline, message: 'a text is not valid ({detail})', hint: 'texts are Unicode without lone surrogates' },
};
