import { sha256Hex } from '@daggerml/object-model';
import { storeError } from '../errors.ts';

const CHECKSUM_BYTES = 8;

/** Rows up to this length are laid out in a buffer that is there already. */
const SCRATCH_BYTES = 65_536;
const scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Returns the checksum as 16 hex digits. */
function checksum(table: string, key: Uint8Array, payload: Uint8Array): string {
  const length = table.length + 1 + key.length + payload.length;
  const bytes = length <= SCRATCH_BYTES ? scratch.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  bytes.write(table, 0, 'latin1');
  bytes[table.length] = 0;
  bytes.set(key, table.length + 1);
  bytes.set(payload, table.length + 1 + key.length);
  return sha256Hex(bytes).slice(0, CHECKSUM_BYTES * 2);
}

/**
 * Returns a mutable row: the payload followed by eight bytes of SHA-256 over table, key and payload, so that a
 * row that rotted or that sits under another key is never taken for a value.
 */
export function encodeRow(table: string, key: Uint8Array, payload: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(payload.length + CHECKSUM_BYTES);
  row.set(payload);
  // @spec DML-STO-0004
  row.write(checksum(table, key, payload), payload.length, 'hex');
  return row;
}

/** Returns the payload of a checksummed row; throws `store_damaged` when the checksum does not hold. */
export function decodeRow(table: string, key: Uint8Array, row: Uint8Array): Buffer {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
  const split = bytes.length - CHECKSUM_BYTES;
  if (split >= 0) {
    const payload = bytes.subarray(0, split);
    if (bytes.toString('hex', split) === checksum(table, key, payload)) return payload;
  }
  // @spec DML-STO-0005
  throw storeError('store_damaged', { table, detail: 'row_checksum' });
}

/** Returns a checksummed row whose payload is JSON. */
export function encodeJsonRow(table: string, key: Uint8Array, value: unknown): Buffer {
  return encodeRow(table, key, Buffer.from(JSON.stringify(value), 'utf8'));
}

/** Reads the JSON payload of a checksummed row; the checksum vouches for its shape. */
export function decodeJsonRow<T>(table: string, key: Uint8Array, row: Uint8Array): T {
  return JSON.parse(decodeRow(table, key, row).toString('utf8')) as T;
}
