import { sha256Hex } from '#sha256';
import type { ObjectIds } from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';

/**
 * Returns the id of encoded bytes: the SHA-256 of exactly these bytes.
 *
 * The class is the caller's claim; it is not part of the hash.
 *
 * @spec DML-OBJ-0405
 */
export function hashBytes<Class extends ObjectClass = ObjectClass>(bytes: Uint8Array): ObjectIds[Class] {
  return sha256Hex(bytes) as ObjectIds[Class];
}

export { sha256Hex, sha256Stream } from '#sha256';
