import { DmlError, type DmlErrorInit, type RemoteUriRule } from '@daggerml/object-model';

/** Every code that this package raises in addition to those of the object model. */
export type RemoteErrorCode = 'remote_uri_invalid' | 'remote_value_invalid' | 'remote_schema_newer';

/** The rule of a manifest or ref pointer that a value breaks. */
export type RemoteValueDetail =
  | 'size'
  | 'json'
  | 'field_unknown'
  | 'field_missing'
  | 'field_form'
  | 'segment_repeated'
  | 'base'
  | 'index'
  | 'not_canonical';

/** Throws `remote_uri_invalid`; the text stays out of the error since people paste credentials. */
export function refuseUri(detail: RemoteUriRule): never {
  throw new DmlError<RemoteErrorCode>({ code: 'remote_uri_invalid', detail });
}

/** Throws `remote_value_invalid` for a value of the given type. */
export function refuseValue(
  recordType: string,
  detail: RemoteValueDetail,
  more: Pick<DmlErrorInit, 'fields' | 'cause'> = {},
): never {
  throw new DmlError<RemoteErrorCode>({ ...more, code: 'remote_value_invalid', recordType, detail });
}

/** Throws `remote_schema_newer` for a value of the given type. */
export function refuseSchema(recordType: string, schema: number): never {
  throw new DmlError<RemoteErrorCode>({ code: 'remote_schema_newer', recordType, fields: { schema } });
}
