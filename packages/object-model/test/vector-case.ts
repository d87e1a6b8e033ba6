/** An error as a vector states it. */
export interface VectorError {
  readonly code: string;
  readonly detail: string;
  readonly recordType?: string;
}

/** Bytes of a vector: hex, or parts that repeat. */
export type VectorHex = string | readonly (string | { readonly repeat: string; readonly count: number })[];

/** Text of a vector: itself, or its UTF-16 code units where JSON text cannot hold it. */
export type VectorText = string | { readonly units: readonly number[] };

/** One golden vector; which members it has follows from its operation. */
export interface VectorCase {
  readonly name: string;
  readonly requirement: string;
  readonly operation: string;
  readonly hex?: VectorHex;
  readonly id?: string;
  readonly cid?: string;
  readonly value?: unknown;
  readonly links?: readonly { readonly class: string; readonly id: string }[];
  readonly expected?: string;
  readonly input?: VectorText;
  readonly output?: string;
  readonly key?: string;
  readonly function?: string;
  readonly inputs?: unknown;
  readonly highest?: number;
  readonly datums?: readonly unknown[];
  readonly keys?: readonly string[];
  readonly inline?: boolean;
  readonly element?: unknown;
  readonly error?: VectorError;
}

/** A file of golden vectors. */
export interface VectorFile {
  readonly area: string;
  readonly cases: readonly VectorCase[];
}

/** Returns the bytes of a vector's hex. */
export function bytesOfVector(hex: VectorHex): Uint8Array {
  const parts = typeof hex === 'string' ? [hex] : hex;
  const digits = parts
    .map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.count)))
    .join('');
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** Returns the text of a vector. */
export function textOfVector(text: VectorText): string {
  return typeof text === 'string' ? text : String.fromCharCode(...text.units);
}

/** Returns bytes as hex. */
export function hexOfBytes(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
