import {
  type CarLink,
  CID_BYTES,
  checkCid,
  decodeCid,
  decodeHeader,
  MAX_HEADER_BYTES,
  transferError,
} from './car-frame.ts';

/** Longest record or chunk. */
export const MAX_BLOCK_BYTES: number = 2 ** 20;

/** A varint of lengths this small never needs more. */
const MAX_VARINT_BYTES = 4;

/** One section of a stream. */
export class CarSection {
  /** CID and bytes. */
  readonly frame: Buffer;
  readonly bytes: Buffer;

  /** Throws `transfer_invalid` for a frame without bytes behind its CID, and for a CID that records do not have. */
  constructor(frame: Buffer) {
    if (frame.length <= CID_BYTES) throw transferError('length_bounds', { length: frame.length });
    checkCid(frame, 0);
    this.frame = frame;
    this.bytes = frame.subarray(CID_BYTES);
  }

  get link(): CarLink {
    return decodeCid(this.frame, 0);
  }
}

/** A byte stream in pieces of any size. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Pulls exact amounts of bytes out of a stream; holds no more than one frame and one piece. */
class FrameReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(stream: ByteStream) {
    this.#pieces =
      Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  }

  async #fill(wanted: number): Promise<boolean> {
    let have = this.#buffer.length - this.#offset;
    const parts = have > 0 ? [this.#buffer.subarray(this.#offset)] : [];
    while (have < wanted) {
      const piece = await this.#pieces.next();
      if (piece.done === true) break;
      // @spec DML-STO-1016
      if (!(piece.value instanceof Uint8Array)) throw transferError('piece_form');
      parts.push(Buffer.from(piece.value.buffer, piece.value.byteOffset, piece.value.length));
      have += piece.value.length;
    }
    // A piece that begins with a section is not copied.
    this.#buffer = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    this.#offset = 0;
    return have >= wanted;
  }

  /** Takes exactly `length` bytes, copied; throws when the stream ends before. */
  async take(length: number): Promise<Buffer> {
    // @spec DML-STO-1013
    if (this.#buffer.length - this.#offset < length && !(await this.#fill(length)))
      throw transferError('truncated');
    const taken = Buffer.from(this.#buffer.subarray(this.#offset, this.#offset + length));
    this.#offset += length;
    return taken;
  }

  /** Reads a length; undefined at the end of the stream. */
  async takeLength(limit: number): Promise<number | undefined> {
    if (this.#buffer.length === this.#offset && !(await this.#fill(1))) return undefined;
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const [byte] = (await this.take(1)) as unknown as [number];
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte >= 0x80) continue;
      if (index > 0 && byte === 0) throw transferError('length_form');
      // @spec DML-STO-1011
      if (value > limit) throw transferError('length_bounds', { length: value, limit });
      return value;
    }
    throw transferError('length_bounds', { limit });
  }

  /**
   * Takes the next frame where all of it is in memory, as a view of the piece that it came in; undefined otherwise. Checks
   * its length as it is read.
   */
  takeBuffered(limit: number): Buffer | undefined {
    const buffer = this.#buffer;
    const start = this.#offset;
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = buffer[start + index];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte >= 0x80) continue;
      const from = start + index + 1;
      // What is wrong with a length is found by who waits for it.
      if ((index > 0 && byte === 0) || value > limit || from + value > buffer.length) return undefined;
      this.#offset = from + value;
      return buffer.subarray(from, from + value);
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/** A stream whose header has been read. */
export interface CarStream {
  readonly roots: readonly CarLink[];
  /** The sections, each in memory of its own. */
  readonly sections: AsyncGenerator<CarSection, void, undefined>;
  /**
   * Takes the next section before `sections` does, where it is in memory already; undefined otherwise. Its bytes are
   * those of the stream, which are its writer's again once the next one is asked for.
   */
  takeBuffered(): CarSection | undefined;
}

/**
 * Reads the header of a CARv1 stream and returns its sections one by one, allocating no more than one section. Checks
 * framing and bounds; that bytes hash to their CID is the receiver's to check. Throws `transfer_invalid` (`truncated`,
 * `piece_form`, `length_bounds`, `length_form`, `header_form`, `cid_unsupported`).
 */
export async function readCar(stream: ByteStream): Promise<CarStream> {
  const reader = new FrameReader(stream);
  try {
    const length = await reader.takeLength(MAX_HEADER_BYTES);
    if (length === undefined) throw transferError('truncated');
    const roots = decodeHeader(await reader.take(length));
    return {
      roots,
      sections: readSections(reader),
      takeBuffered: () => {
        const section = reader.takeBuffered(MAX_BLOCK_BYTES + CID_BYTES);
        return section && new CarSection(section);
      },
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* readSections(reader: FrameReader): AsyncGenerator<CarSection, void, undefined> {
  try {
    for (;;) {
      const length = await reader.takeLength(MAX_BLOCK_BYTES + CID_BYTES);
      if (length === undefined) return;
      if (length <= CID_BYTES) throw transferError('length_bounds', { length });
      yield new CarSection(await reader.take(length));
    }
  } finally {
    await reader.close();
  }
}
