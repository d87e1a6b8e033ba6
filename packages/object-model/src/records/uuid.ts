import { bytesOfHex } from '../bytes.ts';
import { fail } from '../errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Returns the 16 bytes of a UUID in its 36-character lowercase form. Throws `invalid_payload` with `uuid_form`. */
export function parseUuid(uuid: unknown): Uint8Array {
  // @spec DML-OBJ-1603
  if (typeof uuid !== 'string' || !UUID.test(uuid)) fail('uuid_form');
  return bytesOfHex(uuid.replaceAll('-', ''))!;
}

/** Returns the 36-character form of a UUID from its 32 hex digits. */
export function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
