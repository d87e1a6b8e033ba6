/** A value that canonical JSON can hold; numbers are whole. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * Returns the one form of a value: sorted keys, no white space, ended by a line feed.
 *
 * @spec DML-REM-0413
 */
export function canonicalJson(value: JsonValue): Buffer {
  return Buffer.from(`${textOf(value)}\n`, 'utf8');
}

function textOf(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((member: JsonValue) => textOf(member)).join()}]`;
  const entries = Object.entries(value as { readonly [key: string]: JsonValue });
  entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`).join()}}`;
}
