import { writeIdBytes } from '../ids.ts';
import type { LinkCodec } from './value.ts';

/**
 * Length of a link on the wire: tag, byte string head, and the 37 bytes below.
 *
 * @spec DML-OBJ-0303
 */
export const LINK_BYTES = 41;
/** Length of the byte string inside a link: identity prefix, CIDv1, codec, sha2-256, 32, digest. */
export const CID_FIELD_BYTES = 37;

/**
 * Writes the content of a link's byte string at `offset`.
 *
 * @spec DML-OBJ-0302
 */
export function writeCidField(codec: LinkCodec, id: string, target: Uint8Array, offset: number): void {
  target[offset] = 0x00;
  target[offset + 1] = 0x01;
  target[offset + 2] = codec;
  target[offset + 3] = 0x12;
  target[offset + 4] = 0x20;
  writeIdBytes(id, target, offset + 5);
}

/** Checks whether the 37 bytes at `offset` are the content of a link with a known codec. */
export function isCidField(bytes: Uint8Array, offset: number): boolean {
  const codec = bytes[offset + 2];
  return (
    bytes[offset] === 0x00 &&
    bytes[offset + 1] === 0x01 &&
    (codec === 0x71 || codec === 0x55) &&
    bytes[offset + 3] === 0x12 &&
    bytes[offset + 4] === 0x20
  );
}
