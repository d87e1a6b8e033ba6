import { type DmlError, errorBuilder } from '@daggerml/object-model';

/**
 * Every code the store raises beside the object model's own.
 *
 * @spec DML-STO-1301
 */
export type StoreErrorCode =
  | 'store_missing'
  | 'store_damaged'
  | 'store_poisoned'
  | 'store_write_failed'
  | 'store_read_only'
  | 'store_closed'
  | 'store_nested_write'
  | 'store_misuse'
  | 'store_open_elsewhere'
  | 'store_worker_thread'
  | 'store_network_filesystem'
  | 'store_unwritable'
  | 'store_full'
  | 'store_busy'
  | 'schema_newer'
  | 'schema_older'
  | 'engine_older'
  | 'ref_name_invalid'
  | 'ref_missing'
  | 'ref_target_missing'
  | 'object_missing'
  | 'object_too_large'
  | 'revision_invalid'
  | 'sequence_unknown'
  | 'gc_refused'
  | 'transfer_invalid'
  | 'history_invalid'
  | 'excision_refused'
  | 'compaction_refused';

/** Facts of a store error; `detail` becomes the error's detail. */
export type StoreErrorFields = Readonly<Record<string, string | number | boolean>> & {
  readonly detail?: string;
};

/** The error class of this package with its codes. */
export type StoreError = DmlError<StoreErrorCode>;

const build = errorBuilder<StoreErrorCode>();

/** Builds the store's error; `facts` are for the caller and never hold record bytes. */
export function storeError(code: StoreErrorCode, facts: StoreErrorFields = {}, cause?: unknown): StoreError {
  const { detail, ...fields } = facts;
  return build(code, fields, cause, detail);
}
