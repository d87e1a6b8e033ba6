/** The details of each error code. */
interface DetailsByCode {
  /** The bytes are no record of a known version and type, or not of the type asked for. */
  readonly invalid_header:
    | 'record_form'
    | 'format_version'
    | 'newer_version'
    | 'record_type'
    | 'newer_type'
    | 'unexpected_type';
  /** A size, count, length or range is exceeded. */
  readonly invalid_bounds:
    | 'record_size'
    | 'truncated'
    | 'trailing_bytes'
    | 'count_exceeds_bytes'
    | 'item_count'
    | 'nesting_depth'
    | 'id_length'
    | 'text_length'
    | 'name_length'
    | 'map_key_length'
    | 'uri_length'
    | 'integer_range'
    | 'i64_range'
    | 'element_size'
    | 'parent_count'
    | 'page_empty'
    | 'page_end'
    | 'splice_range';
  /** A kind, role, status or class number means nothing. */
  readonly invalid_kind:
    | 'newer_kind'
    | 'datum_kind'
    | 'element_kind'
    | 'node_kind'
    | 'exec_status'
    | 'exec_node_kind'
    | 'page_role'
    | 'object_class';
  /** A field or an item is not what its place calls for. */
  readonly invalid_payload:
    | 'indefinite_length'
    | 'not_shortest'
    | 'reserved_head'
    | 'float_width'
    | 'float_not_finite'
    | 'float_negative_zero'
    | 'simple_value'
    | 'map_not_allowed'
    | 'unknown_tag'
    | 'link_form'
    | 'link_codec'
    | 'cid_form'
    | 'field_count'
    | 'field_type'
    | 'id_form'
    | 'text_not_nfc'
    | 'name_control'
    | 'name_reserved'
    | 'key_name_form'
    | 'uri_syntax'
    | 'uri_not_canonical'
    | 'uri_scheme_reserved'
    | 'f64_spelling'
    | 'uri_attachment'
    | 'root_name_reserved'
    | 'parents_repeat'
    | 'exec_times'
    | 'exec_builtin_fields'
    | 'exec_source_fields'
    | 'remote_uri_form'
    | 'schema_form'
    | 'newer_schema'
    | 'uuid_form'
    | 'ref_name_form'
    | 'excised'
    | 'withheld'
    | 'page_level'
    | 'entry_form'
    | 'entry_order'
    | 'json_form'
    | 'page_missing'
    | 'chunk_missing'
    | 'chunk_length'
    | 'blob_size'
    | 'blob_content'
    | 'path_form'
    | 'path_conflict'
    | 'link_target'
    | 'directory_form'
    | 'blob_chunks';
  /** A text is not well-formed. */
  readonly invalid_utf8: 'utf8' | 'lone_surrogate';
}

/** Error codes of this package. */
export type ErrorCode = keyof DetailsByCode;

/** The details that belong to a code. */
export type DetailOf<Code extends ErrorCode> = DetailsByCode[Code];

/** Every detail this package reports. */
export type ErrorDetail = DetailsByCode[ErrorCode];

/** A detail's code and the requirement that it enforces. */
export interface DetailRow<Code extends ErrorCode = ErrorCode> {
  readonly code: Code;
  readonly requirement: string;
}

type CodeOf<Detail extends ErrorDetail> = {
  readonly [Code in ErrorCode]: Detail extends DetailsByCode[Code] ? Code : never;
}[ErrorCode];

/**
 * Every detail this package reports, with its code and the requirement it enforces.
 *
 * @spec DML-OBJ-0801 DML-OBJ-0802
 */
export const ERROR_DETAILS: { readonly [Detail in ErrorDetail]: DetailRow<CodeOf<Detail>> } = {
  record_form: { code: 'invalid_header', requirement: 'DML-OBJ-0201' },
  format_version: { code: 'invalid_header', requirement: 'DML-OBJ-0203' },
  newer_version: { code: 'invalid_header', requirement: 'DML-OBJ-0232' },
  record_type: { code: 'invalid_header', requirement: 'DML-OBJ-0206' },
  newer_type: { code: 'invalid_header', requirement: 'DML-OBJ-0233' },
  unexpected_type: { code: 'invalid_header', requirement: 'DML-OBJ-0207' },

  record_size: { code: 'invalid_bounds', requirement: 'DML-OBJ-0209' },
  truncated: { code: 'invalid_bounds', requirement: 'DML-OBJ-0213' },
  trailing_bytes: { code: 'invalid_bounds', requirement: 'DML-OBJ-0214' },
  count_exceeds_bytes: { code: 'invalid_bounds', requirement: 'DML-OBJ-0215' },
  item_count: { code: 'invalid_bounds', requirement: 'DML-OBJ-0236' },
  nesting_depth: { code: 'invalid_bounds', requirement: 'DML-OBJ-0216' },
  id_length: { code: 'invalid_bounds', requirement: 'DML-OBJ-0404' },
  text_length: { code: 'invalid_bounds', requirement: 'DML-OBJ-0505' },
  name_length: { code: 'invalid_bounds', requirement: 'DML-OBJ-0507' },
  map_key_length: { code: 'invalid_bounds', requirement: 'DML-OBJ-0512' },
  uri_length: { code: 'invalid_bounds', requirement: 'DML-OBJ-0603' },
  integer_range: { code: 'invalid_bounds', requirement: 'DML-OBJ-0702' },
  i64_range: { code: 'invalid_bounds', requirement: 'DML-OBJ-1004' },
  element_size: { code: 'invalid_bounds', requirement: 'DML-OBJ-1103' },
  parent_count: { code: 'invalid_bounds', requirement: 'DML-OBJ-1403' },
  page_empty: { code: 'invalid_bounds', requirement: 'DML-OBJ-1906' },
  page_end: { code: 'invalid_bounds', requirement: 'DML-OBJ-1908' },
  splice_range: { code: 'invalid_bounds', requirement: 'DML-OBJ-2021' },

  newer_kind: { code: 'invalid_kind', requirement: 'DML-OBJ-0234' },
  datum_kind: { code: 'invalid_kind', requirement: 'DML-OBJ-1002' },
  element_kind: { code: 'invalid_kind', requirement: 'DML-OBJ-1104' },
  node_kind: { code: 'invalid_kind', requirement: 'DML-OBJ-1202' },
  exec_status: { code: 'invalid_kind', requirement: 'DML-OBJ-1503' },
  exec_node_kind: { code: 'invalid_kind', requirement: 'DML-OBJ-1502' },
  page_role: { code: 'invalid_kind', requirement: 'DML-OBJ-1902' },
  object_class: { code: 'invalid_kind', requirement: 'DML-OBJ-1802' },

  indefinite_length: { code: 'invalid_payload', requirement: 'DML-OBJ-0217' },
  not_shortest: { code: 'invalid_payload', requirement: 'DML-OBJ-0218' },
  reserved_head: { code: 'invalid_payload', requirement: 'DML-OBJ-0219' },
  float_width: { code: 'invalid_payload', requirement: 'DML-OBJ-0220' },
  float_not_finite: { code: 'invalid_payload', requirement: 'DML-OBJ-0221' },
  float_negative_zero: { code: 'invalid_payload', requirement: 'DML-OBJ-0222' },
  simple_value: { code: 'invalid_payload', requirement: 'DML-OBJ-0223' },
  map_not_allowed: { code: 'invalid_payload', requirement: 'DML-OBJ-0224' },
  unknown_tag: { code: 'invalid_payload', requirement: 'DML-OBJ-0225' },
  link_form: { code: 'invalid_payload', requirement: 'DML-OBJ-0301' },
  link_codec: { code: 'invalid_payload', requirement: 'DML-OBJ-0304' },
  cid_form: { code: 'invalid_payload', requirement: 'DML-OBJ-0306' },
  field_count: { code: 'invalid_payload', requirement: 'DML-OBJ-0208' },
  field_type: { code: 'invalid_payload', requirement: 'DML-OBJ-0226' },
  id_form: { code: 'invalid_payload', requirement: 'DML-OBJ-0401' },
  text_not_nfc: { code: 'invalid_payload', requirement: 'DML-OBJ-0503' },
  name_control: { code: 'invalid_payload', requirement: 'DML-OBJ-0508' },
  name_reserved: { code: 'invalid_payload', requirement: 'DML-OBJ-0509' },
  key_name_form: { code: 'invalid_payload', requirement: 'DML-OBJ-0516' },
  uri_syntax: { code: 'invalid_payload', requirement: 'DML-OBJ-0601' },
  uri_not_canonical: { code: 'invalid_payload', requirement: 'DML-OBJ-0602' },
  uri_scheme_reserved: { code: 'invalid_payload', requirement: 'DML-OBJ-0615' },
  f64_spelling: { code: 'invalid_payload', requirement: 'DML-OBJ-1006' },
  uri_attachment: { code: 'invalid_payload', requirement: 'DML-OBJ-1011' },
  root_name_reserved: { code: 'invalid_payload', requirement: 'DML-OBJ-1304' },
  parents_repeat: { code: 'invalid_payload', requirement: 'DML-OBJ-1404' },
  exec_times: { code: 'invalid_payload', requirement: 'DML-OBJ-1509' },
  exec_builtin_fields: { code: 'invalid_payload', requirement: 'DML-OBJ-1507' },
  exec_source_fields: { code: 'invalid_payload', requirement: 'DML-OBJ-1513' },
  remote_uri_form: { code: 'invalid_payload', requirement: 'DML-OBJ-1602' },
  schema_form: { code: 'invalid_payload', requirement: 'DML-OBJ-0902' },
  newer_schema: { code: 'invalid_payload', requirement: 'DML-OBJ-0903' },
  uuid_form: { code: 'invalid_payload', requirement: 'DML-OBJ-1603' },
  ref_name_form: { code: 'invalid_payload', requirement: 'DML-OBJ-1702' },
  excised: { code: 'invalid_payload', requirement: 'DML-OBJ-1806' },
  withheld: { code: 'invalid_payload', requirement: 'DML-OBJ-1813' },
  page_level: { code: 'invalid_payload', requirement: 'DML-OBJ-1903' },
  entry_form: { code: 'invalid_payload', requirement: 'DML-OBJ-1904' },
  entry_order: { code: 'invalid_payload', requirement: 'DML-OBJ-1905' },
  blob_chunks: { code: 'invalid_payload', requirement: 'DML-OBJ-1913' },
  chunk_missing: { code: 'invalid_payload', requirement: 'DML-OBJ-2108' },
  chunk_length: { code: 'invalid_payload', requirement: 'DML-OBJ-2109' },
  blob_size: { code: 'invalid_payload', requirement: 'DML-OBJ-2110' },
  blob_content: { code: 'invalid_payload', requirement: 'DML-OBJ-2111' },
  path_form: { code: 'invalid_payload', requirement: 'DML-OBJ-2113' },
  path_conflict: { code: 'invalid_payload', requirement: 'DML-OBJ-2114' },
  link_target: { code: 'invalid_payload', requirement: 'DML-OBJ-2120' },
  directory_form: { code: 'invalid_payload', requirement: 'DML-OBJ-2121' },
  json_form: { code: 'invalid_payload', requirement: 'DML-OBJ-2203' },
  page_missing: { code: 'invalid_payload', requirement: 'DML-OBJ-2020' },

  utf8: { code: 'invalid_utf8', requirement: 'DML-OBJ-0501' },
  lone_surrogate: { code: 'invalid_utf8', requirement: 'DML-OBJ-0502' },
};
