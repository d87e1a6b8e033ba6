import { createHash, hash } from 'node:crypto';
import type { Sha256Stream } from './sha256.ts';

/**
 * Returns the SHA-256 of bytes as 64 lowercase hex digits, by Node's own implementation.
 *
 * @spec DML-OBJ-0103
 */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Starts a SHA-256 over bytes that arrive in parts. */
export function sha256Stream(): Sha256Stream {
  const state = createHash('sha256');
  return {
    update: (bytes) => void state.update(bytes),
    digestHex: () => state.digest('hex'),
  };
}
