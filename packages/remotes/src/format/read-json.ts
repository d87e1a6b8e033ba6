import { z } from 'zod';
import { remoteError } from '../errors.ts';
import { canonicalJson, type JsonValue } from './canonical-json.ts';

/** Newest format of CURRENT and of states. */
export const FORMAT = 1;

/** A file as its reader knows it; `remote` is the name of the remote, for messages. */
export interface FileOrigin {
  readonly remote: string;
  readonly path: string;
}

const ANY_FORMAT = z.looseObject({ format: z.int().min(1) });

/**
 * Reads a value from canonical JSON; throws `remote_damaged` (`length`, `json`, `form`, `not_canonical`) or
 * `remote_format_newer`.
 */
export function readJson<Value>(
  bytes: Uint8Array,
  schema: z.ZodType<Value>,
  { maxBytes, ...origin }: FileOrigin & { readonly maxBytes: number },
): Value {
  // @spec DML-REM-0417
  if (bytes.length > maxBytes) throw remoteError('remote_damaged', { ...origin, detail: 'length' });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw remoteError('remote_damaged', { ...origin, detail: 'json' }, cause);
  }
  const { data } = ANY_FORMAT.safeParse(json);
  // @spec DML-REM-0416
  if (data !== undefined && data.format > FORMAT)
    throw remoteError('remote_format_newer', { ...origin, format: data.format });
  const read = schema.safeParse(json);
  // @spec DML-REM-0415
  if (!read.success) {
    const field = z.core.toDotPath(read.error.issues[0]?.path ?? []);
    throw remoteError('remote_damaged', { ...origin, detail: 'form', field }, read.error);
  }
  // @spec DML-REM-0414
  if (!canonicalJson(json as JsonValue).equals(bytes))
    throw remoteError('remote_damaged', { ...origin, detail: 'not_canonical' });
  return read.data;
}
