/** Codec byte of a link to a record. */
export const CODEC_DAG_CBOR = 0x71;
/** Codec byte of a link to a raw chunk. */
export const CODEC_RAW = 0x55;
/** Codec byte of a link. */
export type LinkCodec = typeof CODEC_DAG_CBOR | typeof CODEC_RAW;

/** A tag 42 link, as codec and id. */
export class Link {
  readonly codec: LinkCodec;
  /** Id of the target, 64 lowercase hex digits. */
  readonly id: string;

  constructor(codec: LinkCodec, id: string) {
    this.codec = codec;
    this.id = id;
  }
}

/** A float, kept apart from the integers, which are plain numbers. */
export class Float64 {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/**
 * An item of a record. Integers are numbers where a number is exact and bigints elsewhere; floats
 * are never plain numbers.
 */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Link
  | Float64
  | readonly CborValue[];
