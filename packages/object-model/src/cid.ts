import { hexOf } from './bytes.ts';
import { CID_FIELD_BYTES, isCidField, writeCidField } from './cbor/link-bytes.ts';
import { CODEC_DAG_CBOR, CODEC_RAW } from './cbor/value.ts';
import { fail } from './errors.ts';
import type { ObjectIds } from './ids.ts';
import type { ObjectClass } from './object-class.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CID_TEXT = /^b[a-z2-7]{58}$/;

/** Id and codec of a parsed CID; the codec distinguishes chunks from records. */
export interface ParsedCid {
  readonly id: string;
  readonly codec: 'dag-cbor' | 'raw';
}

/**
 * Returns the CID of an object as text: multibase base32 lowercase, `bafy…` for records, `bafk…` for chunks.
 *
 * Throws `invalid_payload` with `id_form`.
 *
 * @spec DML-OBJ-0305
 */
export function formatCid<Class extends ObjectClass>(objectClass: Class, id: ObjectIds[Class]): string {
  const field = new Uint8Array(CID_FIELD_BYTES);
  writeCidField(objectClass === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR, id, field, 0);
  let text = 'b';
  let bits = 0;
  let held = 0;
  for (const byte of field.subarray(1)) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET.charAt((held >> (bits - 5)) & 31);
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}

/**
 * Parses the text of a CID of this system: version 1, dag-cbor or raw, sha2-256, base32 lowercase.
 *
 * Throws `invalid_payload` with `cid_form`.
 *
 * @spec DML-OBJ-0306
 */
export function parseCid(text: string): ParsedCid {
  if (typeof text !== 'string' || !CID_TEXT.test(text)) fail('cid_form');
  const field = new Uint8Array(CID_FIELD_BYTES);
  let bits = 0;
  let held = 0;
  let at = 1;
  for (let index = 1; index < text.length; index++) {
    held = (held << 5) | ALPHABET.indexOf(text.charAt(index));
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      field[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0 || !isCidField(field, 0)) fail('cid_form');
  return { id: hexOf(field, 5), codec: field[2] === CODEC_RAW ? 'raw' : 'dag-cbor' };
}
