import { type DmlError, errorBuilder } from '@daggerml/object-model';

/**
 * Codes that the store raises besides the object model's own.
 *
 * @spec DML-STO-1301
 */
export type StoreErrorCode =
  | 'store_missing'
  | 'store_gone'
  | 'store_damaged'
  | 'store_poisoned'
  | 'store_write_failed'
  | 'store_read_only'
  | 'store_closed'
  | 'store_close_failed'
  | 'store_nested_write'
  | 'store_misuse'
  | 'store_open_elsewhere'
  | 'store_worker_thread'
  | 'store_network_filesystem'
  | 'store_unwritable'
  | 'store_unreadable'
  | 'store_full'
  | 'store_busy'
  | 'session_lost'
  | 'schema_newer'
  | 'schema_older'
  | 'engine_older'
  | 'ref_name_invalid'
  | 'ref_missing'
  | 'ref_target_missing'
  | 'object_missing'
  | 'object_withheld'
  | 'object_too_large'
  | 'sequence_unknown'
  | 'gc_refused'
  | 'transfer_invalid'
  | 'history_invalid'
  | 'excision_refused'
  | 'compaction_refused'
  | 'backup_refused';

/** Facts of a store error; `detail` becomes the error's detail. */
export type StoreErrorFields = Readonly<Record<string, string | number | boolean>> & {
  readonly detail?: string;
};

/** The error class of this package with its codes. */
export type StoreError = DmlError<StoreErrorCode>;

/**
 * Message of each code for the author of a program.
 *
 * @spec DML-STO-1303
 */
const MESSAGES: Readonly<Record<StoreErrorCode, string>> = {
  store_missing: 'there is no store in "{path}"',
  store_gone: 'the store in "{path}" was moved or deleted while it was in use; nothing of this step was kept',
  store_damaged: 'the store[ in "{path}"] is damaged[ in its table "{table}"] ({detail})',
  store_poisoned:
    'nothing more is written[ ({label})], because an earlier write failed; close the store and open it again',
  store_write_failed: 'the system refused a write[ ({label})]; nothing of the transaction was kept',
  store_read_only: 'the store was opened for reading, so nothing can be written[ ({label})]',
  store_closed: 'the store in "{path}" was closed already',
  store_close_failed:
    'the store in "{path}" could not be closed in order[ ({errno})]; what was committed is kept',
  store_nested_write: 'a transaction was begun inside another one ({label})',
  store_misuse: 'the store was used wrongly ({detail})',
  store_open_elsewhere: 'this process has the store in "{path}" open for reading; close it first',
  store_worker_thread: 'a store opens in the main thread only ("{path}")',
  store_network_filesystem: '"{path}" is on a network file system ({kind}); keep a store on a local disk',
  store_unwritable: '"{path}" cannot be written[ ({errno})]',
  store_unreadable: 'the system refused to open or read "{path}"[ ({errno})]',
  store_full:
    '{neededBytes} bytes are needed in "{path}" and {availableBytes} are free; nothing of the transaction was kept',
  store_busy: 'the store[ in "{path}"] is busy ({detail}[, process {pid}]); try again in a moment',
  session_lost:
    'the store in "{path}" was open for too long in a way that others could not see ({detail}): what was put since the last commit may be gone, and nothing more is written; close the store and open it again',
  schema_newer: 'the store has schema {schema}; this version knows schemas up to {supported}',
  schema_older: 'the store has schema {schema}; opening it for writing brings it to schema {supported}',
  engine_older: 'the engine {engine} wrote the store; this version has {supported}',
  ref_name_invalid: '"{refName}" is not a valid ref name[ ({detail})][; "{suggestion}" would do]',
  ref_missing: 'there is no ref "{ref}"',
  ref_target_missing: 'the commit {commitId} for the ref "{ref}" is not complete in the store',
  object_missing: 'the {class} {objectId} is not in the store',
  object_withheld: 'the {class} {objectId} is withheld by {domain}; the store has not been given its bytes',
  object_too_large: 'a {class} of {sizeBytes} bytes is above the limit of {limitBytes}',
  sequence_unknown: 'the journal ends at {lastSequence}, before {sequence}',
  gc_refused: 'nothing was deleted ({detail})',
  transfer_invalid: 'the stream is not valid ({detail})',
  history_invalid: 'the history is not valid ({detail})',
  excision_refused: 'nothing was excised ({detail})',
  compaction_refused: 'nothing was compacted ({detail})',
  backup_refused: 'no backup was made[ in "{path}"] ({detail})',
};

const build = errorBuilder<StoreErrorCode>(MESSAGES);

/** Builds the store's error; `facts` are for the caller and never hold record bytes. */
export function storeError(code: StoreErrorCode, facts: StoreErrorFields = {}, cause?: unknown): StoreError {
  const { detail, ...fields } = facts;
  return build(code, fields, cause, detail);
}
