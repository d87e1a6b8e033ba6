/** Bytes of the CID of a section: version, codec, hash function, length, digest. */
const CID_BYTES = 36;
const DIGEST_AT = 4;
const RAW = 0x55;
/** Class of a chunk, whose section has no record that says it. */
const CHUNK = 12;

/** Above every number of a section that is put in order; segments hold no more sections at their usual size. */
const NUMBER_SPAN: number = 2 ** 21;
/** Bytes of the pieces that sections are copied to. */
const PIECE_BYTES: number = 2 ** 20;

/** Sections of a part of a stream: where each begins, and behind the last one where it ends. */
interface Sections {
  readonly offsets: Uint32Array;
  /** Class and the first three bytes of the id, above the number of the section. */
  readonly order: Float64Array;
}

/**
 * Yields sections in the order of the keys that their objects have in a store, as far as class and a few bytes tell:
 * whoever puts them one by one writes the same pages again and again, and those of neighbours just once. Bytes that are
 * no sections are yielded as they are, for the receiver to refuse.
 */
export function* inKeyOrder(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const sections = sectionsOf(bytes);
  if (sections === undefined) {
    yield bytes;
    return;
  }
  const { offsets, order } = sections;
  let piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes.length));
  let size = 0;
  for (const place of order) {
    const number = place % NUMBER_SPAN;
    const [from = 0, to = 0] = [offsets[number], offsets[number + 1]];
    if (size > 0 && size + to - from > piece.length) {
      yield piece.subarray(0, size);
      piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, to - from));
      size = 0;
    }
    if (to - from > piece.length) piece = Buffer.allocUnsafeSlow(to - from);
    piece.set(bytes.subarray(from, to), size);
    size += to - from;
  }
  if (size > 0) yield piece.subarray(0, size);
}

/** Returns the sections, sorted; undefined where the bytes are none, or too many. */
function sectionsOf(bytes: Uint8Array): Sections | undefined {
  const offsets: number[] = [];
  const order: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    offsets.push(at);
    let length = 0;
    let scale = 1;
    let byte = 0x80;
    while (byte >= 0x80 && scale < 2 ** 28 && at < bytes.length) {
      byte = bytes[at++] as number;
      length += (byte & 0x7f) * scale;
      scale *= 128;
    }
    const end = at + length;
    if (byte >= 0x80 || length <= CID_BYTES || end > bytes.length || order.length === NUMBER_SPAN)
      return undefined;
    const objectClass = bytes[at + 1] === RAW ? CHUNK : (bytes[at + CID_BYTES + 2] as number) % 16;
    const id = at + DIGEST_AT;
    const prefix =
      objectClass * 2 ** 24 +
      (((bytes[id] as number) << 16) | ((bytes[id + 1] as number) << 8) | (bytes[id + 2] as number));
    order.push(prefix * NUMBER_SPAN + order.length);
    at = end;
  }
  offsets.push(at);
  return { offsets: Uint32Array.from(offsets), order: Float64Array.from(order).sort() };
}
