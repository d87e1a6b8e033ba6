import { sha256Hex } from '@daggerml/object-model';
import { storeError } from './errors.ts';

const CHECKSUM_BYTES = 8;

function checksum(table: string, key: Uint8Array, payload: Uint8Array): Buffer {
  const digest = sha256Hex(Buffer.concat([Buffer.from(`${table}\0`), key, payload]));
  return Buffer.from(digest.slice(0, CHECKSUM_BYTES * 2), 'hex');
}

/**
 * Yields a mutable row: the payload followed by eight bytes of SHA-256 over table, key and payload, so that a
 * row that rotted or that sits under another key is never taken for a value.
 */
export function sealRow(table: string, key: Uint8Array, payload: Uint8Array): Buffer {
  // @spec DML-STO-0004
  return Buffer.concat([payload, checksum(table, key, payload)]);
}

/** Yields the payload of a sealed row; throws `store_damaged` when the checksum does not hold. */
export function unsealRow(table: string, key: Uint8Array, row: Uint8Array): Buffer {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
  const split = bytes.length - CHECKSUM_BYTES;
  if (split >= 0) {
    const payload = bytes.subarray(0, split);
    if (bytes.subarray(split).equals(checksum(table, key, payload))) return payload;
  }
  // @spec DML-STO-0005
  throw storeError('store_damaged', { table, detail: 'row_checksum' });
}

/** Yields a sealed row whose payload is JSON. */
export function sealJson(table: string, key: Uint8Array, value: unknown): Buffer {
  return sealRow(table, key, Buffer.from(JSON.stringify(value), 'utf8'));
}

/** Reads the JSON payload of a sealed row; the checksum vouches for its shape. */
export function unsealJson<T>(table: string, key: Uint8Array, row: Uint8Array): T {
  return JSON.parse(unsealRow(table, key, row).toString('utf8')) as T;
}
