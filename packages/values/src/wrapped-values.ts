/**
 * Values that plain JavaScript cannot spell, as tagged objects.
 *
 * The tags are registered symbols, so that values made by one copy of this module are recognised by another:
 * a captured function carries the part of this file that it uses inside its bundle.
 */
const f64Tag: unique symbol = Symbol.for('daggerml.f64') as never;
const blobTag: unique symbol = Symbol.for('daggerml.blob') as never;

/** A number that is stored as a 64-bit float even where it is a whole number. */
export interface F64 {
  readonly [f64Tag]: number;
}

/** Content of a blob: bytes, text (stored as UTF-8), or a stream of bytes. */
export type BlobContent = Uint8Array | string | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Content that will be stored as a blob. */
export interface BlobValue {
  readonly [blobTag]: BlobContent | { readonly path: string };
}

/** A stored blob; nothing is read before it is asked for. */
export interface BlobHandle {
  readonly sizeBytes: number;
  /** SHA-256 of the whole content, 64 lowercase hex digits. */
  readonly sha256: string;
  /** Reads the whole content into memory. */
  bytes(): Promise<Uint8Array>;
  /** Reads the whole content as UTF-8 text; a byte order mark is kept. */
  text(): Promise<string>;
  /** Reads the content in pieces of at most 256 KiB; each call starts at the first byte. */
  stream(): AsyncIterable<Uint8Array>;
}

/** Forces the datum kind f64, also for numbers that would otherwise become integers. */
export function f64(value: number): F64 {
  return { [f64Tag]: value };
}

/**
 * Marks content to be stored as a blob; a stream is read once, when the value is lowered.
 *
 * @spec DML-BND-0901
 */
export function blob(content: BlobContent): BlobValue {
  return { [blobTag]: content };
}

/** Marks the content of a file to be stored as a blob; the file is read when the value is lowered. */
export function blobFromFile(path: string): BlobValue {
  return { [blobTag]: { path } };
}

/** Returns the number in a value made by `f64`, undefined for anything else. */
export function f64Value(value: object): number | undefined {
  return (value as Partial<F64>)[f64Tag];
}

/** Returns the content in a value made by `blob` or `blobFromFile`, undefined for anything else. */
export function blobContent(value: object): BlobContent | { readonly path: string } | undefined {
  return (value as Partial<BlobValue>)[blobTag];
}
