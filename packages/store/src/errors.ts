import { type DmlError, errorBuilder } from '@daggerml/object-model';
import type { RefNameRule } from './refs/ref-name-rules.ts';

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
  | 'ref_fixed'
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
 * The one wording of each code, and of those of its details that say it better.
 *
 * @spec DML-STO-1303
 */
const MESSAGES: Readonly<
  Record<StoreErrorCode | `ref_name_invalid/${RefNameRule}`, string> &
    Partial<Record<`${StoreErrorCode}/${string}`, string>>
> = {
  store_missing: 'there is no store in "{path}"',
  store_gone: 'the store in "{path}" was moved or deleted while it was in use; nothing of this step was kept',
  store_damaged: 'the store[ in "{path}"] is damaged ({detail}[ in {table}])',
  'store_damaged/data_file_missing':
    'the store in "{path}" has lost its file "data.mdb", which holds everything',
  'store_damaged/not_a_file': '"{path}" is not a regular file',
  'store_damaged/link':
    '"{path}" is a symbolic link, which is not followed inside of a repository; nothing was changed',
  'store_damaged/foreign_file':
    '"{path}" is a second name of a file that is no part of the store; nothing was changed',
  store_poisoned:
    'an earlier write failed, so nothing more is written[ ({label})] until the store is opened again; what was committed before is kept',
  store_write_failed:
    'the system refused a write[ ({label})][ ({errno})]; nothing of the transaction was kept',
  'store_write_failed/not_durable':
    'the store was compacted and nothing is lost, but the disk did not confirm it ({errno})',
  store_read_only: 'the store was opened for reading, so nothing can be written[ ({label})]',
  store_closed: 'the store in "{path}" was closed already',
  store_close_failed:
    'the work is done and kept, but the store in "{path}" could not be closed in order[ ({errno})]',
  store_nested_write: 'a transaction was begun inside another one ({label})',
  store_misuse: 'the store was used wrongly ({detail})',
  store_open_elsewhere: 'this process has the store in "{path}" open for reading; close it first',
  store_worker_thread: 'a store opens in the main thread only ("{path}")',
  store_network_filesystem: '"{path}" is on a network file system ({kind}), where a store is not safe',
  store_unwritable: '"{path}" cannot be written[ ({errno})]',
  'store_unwritable/folder_not_empty': '"{path}" holds other things than a store',
  store_unreadable: 'the system refused to open or read "{path}"[ ({errno})]',
  'store_unreadable/no_locks': 'the system refused to open the lock file of the store in "{path}"',
  store_full:
    'there is not enough space in "{path}": {neededBytes} needed, {availableBytes} left; nothing of the transaction was kept',
  store_busy: 'the store[ in "{path}"] is busy ({detail})',
  'store_busy/readers': 'too many processes read the store: all {limit} reader slots are taken',
  'store_busy/locks':
    'the processes that used the store before left its locks unusable, and some of them still hold it',
  'store_busy/compacting': 'another process compacts the store',
  'store_busy/replaced': 'another process has just replaced the files of the store',
  'store_busy/write_lock':
    'process {pid}[ of {namespace} process namespace, such as a container,] holds the repository for writing and does not go on',
  'store_busy/process_number':
    'process {pid} of {namespace} process namespace, such as a container, uses the repository, and this process has the same number',
  session_lost:
    'another process has taken this one for ended, so nothing more is written to the store in "{path}": what was put since the last commit may be gone',
  'session_lost/replaced':
    'the files of the store in "{path}" were replaced while it was in use, so nothing more is written: what was put since the last commit may be gone',
  schema_newer: 'the store has schema {schema}; this version knows schemas up to {supported}',
  schema_older: 'the store has schema {schema}; this version knows schema {supported} and newer',
  engine_older: 'the engine {engine} wrote the store; this version has {supported}',
  ref_name_invalid: '"{refName}" is not a valid ref name[ ({detail})]',
  'ref_name_invalid/name_length': '"{name}" cannot name a {kind}: a name has 1 to 255 bytes',
  'ref_name_invalid/name_control': '"{name}" cannot name a {kind}: it has control characters',
  'ref_name_invalid/name_reserved': '"{name}" cannot name a {kind}: "." and ".." are folders',
  'ref_name_invalid/lone_surrogate': '"{name}" cannot name a {kind}: it is not Unicode text',
  'ref_name_invalid/not_canonical': '"{name}" cannot name a {kind}: it is not in the normal form NFC',
  'ref_name_invalid/part_empty': '"{name}" cannot name a {kind}: a "/" stands between two parts of a name',
  'ref_name_invalid/part_dot': '"{name}" cannot name a {kind}: no part of it may begin with "."',
  'ref_name_invalid/part_lock': '"{name}" cannot name a {kind}: no part of it may end with ".lock"',
  'ref_name_invalid/two_dots': '"{name}" cannot name a {kind}: ".." is not allowed',
  'ref_name_invalid/last_dot': '"{name}" cannot name a {kind}: it ends with "."',
  'ref_name_invalid/at_brace': '"{name}" cannot name a {kind}: "@{" is not allowed',
  'ref_name_invalid/character': '"{name}" cannot name a {kind}: "{character}" is not allowed',
  'ref_name_invalid/reserved': '"{name}" cannot name a {kind}: it names other refs already',
  'ref_name_invalid/first_dash': '"{name}" cannot name a {kind}: it would be taken for an option',
  'ref_name_invalid/like_an_id': '"{name}" cannot name a {kind}: it would be taken for an id',
  ref_fixed: '"{ref}" is a tag, which does not move',
  'ref_fixed/reference': '"{ref}" is a reference, which only its domain moves',
  ref_missing: 'there is no ref "{ref}"',
  ref_target_missing: 'the commit {commitId} for the ref "{ref}" is not complete in the store',
  object_missing: 'the {class} {objectId} is not in the store',
  object_withheld: 'the {class} {objectId} is not here: {domain} withholds it',
  'object_withheld/left_out':
    'the {class} {objectId} was left out of this repository; {domain} has it[, but {reason}]',
  object_too_large: 'a {class} of {sizeBytes} is above the limit of {limitBytes}',
  sequence_unknown: 'the journal ends at {lastSequence}, before {sequence}',
  gc_refused: 'nothing was deleted, because it would not be safe ({detail})',
  'gc_refused/no_roots': 'nothing was deleted: there is no commit yet',
  'gc_refused/already_running':
    'nothing was deleted: process {pid}[ of {namespace} process namespace, such as a container,] is collecting already',
  'gc_refused/claim_lost':
    'the collection ended early, because another process has taken this one for ended and collects instead',
  'gc_refused/newer_format':
    'nothing was deleted: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
  transfer_invalid: 'the stream is not valid ({detail})',
  'transfer_invalid/truncated': 'the stream ends too early',
  'transfer_invalid/header_form': 'the stream is no bundle',
  'transfer_invalid/cid_unsupported': 'the stream is no bundle, or damaged',
  'transfer_invalid/length_bounds': 'the stream is no bundle, or damaged',
  'transfer_invalid/length_form': 'the stream is no bundle, or damaged',
  'transfer_invalid/roots_form': 'the stream is no bundle: it does not begin with its refs',
  'transfer_invalid/incomplete':
    'the stream lacks the {class} {objectId}, which its refs reach; no ref was moved',
  'transfer_invalid/cid_mismatch': 'the stream is damaged: an object does not hash to its id, {objectId}',
  'transfer_invalid/record_invalid': 'the stream is damaged: {objectId} is no valid record',
  'transfer_invalid/excision_offered':
    'the {class} {objectId} was excised by {actor} ({reason}), which would excise it here for good; no ref was moved',
  'transfer_invalid/newer_format':
    'a newer version of dml wrote a record of the stream, which this one cannot read; no branch was moved',
  history_invalid: 'the history is not valid ({detail})',
  excision_refused: 'nothing was excised ({detail})',
  'excision_refused/newer_format':
    'nothing was excised: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
  compaction_refused: 'nothing was compacted ({detail})',
  'compaction_refused/open_elsewhere': 'the store in "{path}" was not compacted: another process uses it',
  'compaction_refused/already_running': 'another process compacts the store',
  'compaction_refused/replaced': 'another process has just replaced the files of the store',
  'compaction_refused/changed': 'the store in "{path}" was not compacted: another process wrote to it',
  backup_refused: 'no backup was made[ in "{path}"] ({detail})',
  'backup_refused/inside_source': '"{path}" is the repository itself, or inside it',
  'backup_refused/not_a_backup': '"{path}" is a repository in its own right, not a backup',
  'backup_refused/other_repository': '"{path}" is the backup of another repository',
  'backup_refused/diverged':
    'branches were moved in the backup "{path}" itself, or the repository has lost moves that it has',
  'backup_refused/in_use': 'another process writes to the backup "{path}"',
  'backup_refused/occupied': '"{path}" holds something that is no backup',
  'backup_refused/source_changed': 'an object went away or came back while the backup was made',
  'backup_refused/target_changed':
    'objects were removed from the backup "{path}" while it was brought up to date',
  'backup_refused/root_unreadable':
    'the repository lacks {class} {objectId}, which a ref or hold names; no backup was made',
  'backup_refused/closure_incomplete': 'the repository lacks {class} {objectId}; no backup was made',
  'backup_refused/newer_format':
    'no backup was made: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
  'backup_refused/object_damaged': 'the {class} {objectId} is damaged; no backup was made',
};

const build = errorBuilder<StoreErrorCode>(MESSAGES);

/** Builds the store's error; `facts` are for the caller and never hold record bytes. */
export function storeError(code: StoreErrorCode, facts: StoreErrorFields = {}, cause?: unknown): StoreError {
  const { detail, ...fields } = facts;
  return build(code, fields, cause, detail);
}
