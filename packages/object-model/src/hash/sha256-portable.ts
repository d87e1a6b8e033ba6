import { sha256 } from '@noble/hashes/sha2.js';
import { hexOf } from '../bytes.ts';
import type { Sha256Stream } from './sha256.ts';

/**
 * Returns the SHA-256 of bytes as 64 lowercase hex digits, in plain JavaScript.
 *
 * Chosen by the conditions of `#sha256` wherever Node's own is not there.
 *
 * @spec DML-OBJ-0102
 */
export function sha256Hex(bytes: Uint8Array): string {
  return hexOf(sha256(bytes));
}

/** Starts a SHA-256 over bytes that arrive in parts. */
export function sha256Stream(): Sha256Stream {
  const state = sha256.create();
  return {
    update: (bytes) => void state.update(bytes),
    digestHex: () => hexOf(state.digest()),
  };
}
