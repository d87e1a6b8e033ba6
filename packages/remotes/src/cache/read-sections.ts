import { idOfBytes, type ObjectId } from '@daggerml/object-model';

/** Bytes of a CID: version, codec, hash function, length and hash. */
const CID_BYTES = 36;
const DIGEST_AT = 4;
/** Longest length prefix that is read. */
const MAX_VARINT_BYTES = 5;

/** A record or chunk of a part of a segment, under the id that its section claims. */
export interface ReadSection {
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
}

/** Returns how many bytes the length prefix and the CID of a section with so many bytes take. */
export function sectionHeadBytes(length: number): number {
  let prefix = 1;
  for (let rest = (length + CID_BYTES) >>> 7; rest > 0; rest >>>= 7) prefix += 1;
  return prefix + CID_BYTES;
}

/** Yields the sections of a part of a segment that begins with one, as far as there are any; nothing is checked. */
export function* readSections(part: Uint8Array): Generator<ReadSection, void, undefined> {
  for (let at = 0; at < part.length; ) {
    let length = 0;
    let size = 0;
    for (let more = true; more; size += 1) {
      const byte = part[at + size];
      if (byte === undefined || size === MAX_VARINT_BYTES) return;
      length += (byte & 127) * 2 ** (7 * size);
      more = byte > 127;
    }
    const end = at + size + length;
    if (length <= CID_BYTES || end > part.length) return;
    const cidAt = at + size;
    yield { id: idOfBytes(part, cidAt + DIGEST_AT), bytes: part.subarray(cidAt + CID_BYTES, end) };
    at = end;
  }
}
