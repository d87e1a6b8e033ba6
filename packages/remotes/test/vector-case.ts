import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import type { IndexRow } from '../src/format/index-object.ts';
import type { Publication } from '../src/format/publication.ts';

/** Bytes of a vector: hex, or parts that repeat. */
export type VectorHex = string | readonly (string | { readonly repeat: string; readonly count: number })[];

/** Content of a vector as text or as hex, and its outcome. */
interface Common {
  readonly name: string;
  readonly requirement: string;
  readonly error?: { readonly code: string; readonly detail?: string };
}

interface Bytes {
  readonly hex: VectorHex;
}

/** A file that people can read. */
export interface JsonCase extends Common, Partial<Bytes> {
  readonly operation: 'current' | 'state' | 'execRef';
  readonly text?: string;
  /** Name of a state, or path of an exec ref. */
  readonly file?: string;
  readonly value?: unknown;
}

/** An index object and its rows. */
export interface IndexObjectCase extends Common, Bytes {
  readonly operation: 'indexObject';
  readonly segments?: readonly string[];
  readonly rows?: readonly IndexRow[];
}

/** A publication under its name, the payload of its signature, and whether its domain has signed it. */
export interface PublicationCase extends Common {
  readonly operation: 'publication';
  readonly published: string;
  readonly payload: string;
  readonly value: Publication;
  readonly signed: boolean;
}

/** Objects, and the files that hold them. */
export interface GroupCase extends Common {
  readonly operation: 'group';
  readonly epoch: number;
  readonly segmentBytes: number;
  readonly nonces: readonly string[];
  readonly objects: readonly { readonly class: ObjectClass; readonly hex: string }[];
  readonly segments: readonly { readonly file: string; readonly hex: string }[];
  readonly index: string;
}

/** A record within a segment. */
export interface RecordCase extends Common, Bytes {
  readonly operation: 'record';
  readonly id: ObjectId;
  readonly offset: number;
  readonly length: number;
}

/** A file under its path. */
export interface FileCase extends Common, Bytes {
  readonly operation: 'file';
  readonly path: string;
}

/** A file of absences and its records. */
export interface AbsencesCase extends Common, Bytes {
  readonly operation: 'absences';
  readonly records?: readonly string[];
}

/** One golden vector of remotes. */
export type VectorCase =
  | JsonCase
  | IndexObjectCase
  | GroupCase
  | RecordCase
  | FileCase
  | AbsencesCase
  | PublicationCase;

/** Returns the bytes of a vector's hex. */
export function bytesOfVector(hex: VectorHex): Buffer {
  const parts = typeof hex === 'string' ? [hex] : hex;
  return Buffer.from(
    parts.map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.count))).join(''),
    'hex',
  );
}
