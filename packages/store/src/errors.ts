import { DmlError } from './model.ts';

/** Every code the store raises beside the object model's own. */
export type StoreErrorCode =
  | 'store_missing'
  | 'store_exists'
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
  | 'schema_newer'
  | 'schema_older'
  | 'engine_older'
  | 'ref_name_invalid'
  | 'ref_missing'
  | 'ref_target_missing'
  | 'object_missing'
  | 'revision_invalid'
  | 'revision_ambiguous'
  | 'sequence_unknown'
  | 'gc_refused'
  | 'transfer_invalid'
  | 'history_invalid';

export type StoreErrorFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Builds the store's error; `fields` are facts for the caller, never record bytes. */
export function storeError(
  code: StoreErrorCode,
  fields: StoreErrorFields = {},
  cause?: unknown,
): DmlError<StoreErrorCode> {
  return new DmlError<StoreErrorCode>(code, cause === undefined ? { fields } : { fields, cause });
}
