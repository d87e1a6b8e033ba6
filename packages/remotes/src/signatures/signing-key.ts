import { createPrivateKey, type KeyObject } from 'node:crypto';
import { remoteError } from '../errors.ts';
import { didKeyOf } from './did-key.ts';

/** A private key that signs, and who it is. */
export interface SigningKey {
  readonly key: KeyObject;
  /** `did:key` of the key. */
  readonly did: string;
}

/**
 * Reads a private key in PEM; throws `signing_key_invalid` for anything but an Ed25519 key without a pass phrase.
 *
 * @spec DML-REM-1506
 */
export function signingKey(pem: string | Uint8Array, origin: string): SigningKey {
  try {
    const key = createPrivateKey(typeof pem === 'string' ? pem : Buffer.from(pem));
    return { key, did: didKeyOf(key) };
  } catch (cause) {
    throw remoteError('signing_key_invalid', { path: origin }, cause);
  }
}

/** Returns the bytes that are signed: the pre-authentication encoding of DSSE. */
export function signedBytes(type: string, payload: string): Buffer {
  const body = Buffer.from(payload, 'utf8');
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `, 'utf8'), body]);
}
