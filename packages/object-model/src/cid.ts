import { CID_FIELD_BYTES, writeCidField } from './cbor/link-bytes.ts';
import { CODEC_DAG_CBOR, CODEC_RAW } from './cbor/value.ts';
import type { ObjectIds } from './ids.ts';
import type { ObjectClass } from './object-class.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Returns the CID of an object as text, for tools of IPLD: base32 in lower case, `bafy…` for records, `bafk…` for
 * chunks. Throws `invalid_payload` with `id_form`.
 */
export function formatCid<Class extends ObjectClass>(objectClass: Class, id: ObjectIds[Class]): string {
  const field = new Uint8Array(CID_FIELD_BYTES);
  writeCidField(objectClass === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR, id, field, 0);
  let text = 'b';
  let bits = 0;
  let held = 0;
  // @spec DML-OBJ-0305
  for (const byte of field.subarray(1)) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET.charAt((held >> (bits - 5)) & 31);
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}
