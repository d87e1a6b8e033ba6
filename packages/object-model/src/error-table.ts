/**
 * Every detail that this package reports, with its code.
 *
 * @spec DML-OBJ-0801 DML-OBJ-0802
 */
export const ERROR_DETAILS = {
  // The bytes are no record of a known version and type, or not of the type asked for.
  record_form: 'invalid_header',
  format_version: 'invalid_header',
  newer_version: 'invalid_header',
  record_type: 'invalid_header',
  newer_type: 'invalid_header',
  unexpected_type: 'invalid_header',
  // A size, count, length or range is exceeded.
  record_size: 'invalid_bounds',
  truncated: 'invalid_bounds',
  trailing_bytes: 'invalid_bounds',
  count_exceeds_bytes: 'invalid_bounds',
  item_count: 'invalid_bounds',
  nesting_depth: 'invalid_bounds',
  id_length: 'invalid_bounds',
  text_length: 'invalid_bounds',
  name_length: 'invalid_bounds',
  map_key_length: 'invalid_bounds',
  uri_length: 'invalid_bounds',
  integer_range: 'invalid_bounds',
  i64_range: 'invalid_bounds',
  element_size: 'invalid_bounds',
  parent_count: 'invalid_bounds',
  page_empty: 'invalid_bounds',
  page_end: 'invalid_bounds',
  splice_range: 'invalid_bounds',
  // A kind, role, status or class number means nothing.
  newer_kind: 'invalid_kind',
  datum_kind: 'invalid_kind',
  element_kind: 'invalid_kind',
  node_kind: 'invalid_kind',
  exec_status: 'invalid_kind',
  exec_node_kind: 'invalid_kind',
  page_role: 'invalid_kind',
  object_class: 'invalid_kind',
  // A field or an item is not what its place calls for.
  indefinite_length: 'invalid_payload',
  not_shortest: 'invalid_payload',
  reserved_head: 'invalid_payload',
  float_width: 'invalid_payload',
  float_not_finite: 'invalid_payload',
  float_negative_zero: 'invalid_payload',
  simple_value: 'invalid_payload',
  map_not_allowed: 'invalid_payload',
  unknown_tag: 'invalid_payload',
  link_form: 'invalid_payload',
  link_codec: 'invalid_payload',
  field_count: 'invalid_payload',
  field_type: 'invalid_payload',
  id_form: 'invalid_payload',
  text_not_nfc: 'invalid_payload',
  name_control: 'invalid_payload',
  name_reserved: 'invalid_payload',
  key_name_form: 'invalid_payload',
  uri_syntax: 'invalid_payload',
  uri_not_canonical: 'invalid_payload',
  f64_spelling: 'invalid_payload',
  uri_attachment: 'invalid_payload',
  root_name_reserved: 'invalid_payload',
  parents_repeat: 'invalid_payload',
  reference_ended: 'invalid_payload',
  exec_times: 'invalid_payload',
  exec_builtin_fields: 'invalid_payload',
  exec_source_fields: 'invalid_payload',
  remote_uri_form: 'invalid_payload',
  schema_form: 'invalid_payload',
  newer_schema: 'invalid_payload',
  uuid_form: 'invalid_payload',
  ref_name_form: 'invalid_payload',
  excised: 'invalid_payload',
  withheld: 'invalid_payload',
  page_level: 'invalid_payload',
  entry_form: 'invalid_payload',
  entry_order: 'invalid_payload',
  blob_chunks: 'invalid_payload',
  chunk_missing: 'invalid_payload',
  chunk_length: 'invalid_payload',
  blob_size: 'invalid_payload',
  blob_content: 'invalid_payload',
  path_form: 'invalid_payload',
  path_conflict: 'invalid_payload',
  link_target: 'invalid_payload',
  directory_form: 'invalid_payload',
  page_missing: 'invalid_payload',
  // A text is not well-formed.
  utf8: 'invalid_utf8',
  lone_surrogate: 'invalid_utf8',
} as const;

/** Every detail this package reports. */
export type ErrorDetail = keyof typeof ERROR_DETAILS;

/** Error codes of this package. */
export type ErrorCode = (typeof ERROR_DETAILS)[ErrorDetail];

/** The details that belong to a code. */
export type DetailOf<Code extends ErrorCode> = {
  readonly [Detail in ErrorDetail]: (typeof ERROR_DETAILS)[Detail] extends Code ? Detail : never;
}[ErrorDetail];
