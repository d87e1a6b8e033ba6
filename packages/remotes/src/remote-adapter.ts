import type { ManifestId } from './manifest.ts';

declare const versionTagClass: unique symbol;

/** Opaque version of a mutable file, such as an `ETag`; valid only for the adapter that yielded it. */
export type VersionTag = string & { readonly [versionTagClass]: 'version-tag' };

/** A ref pointer as it lies on the remote. */
export interface ListedRef {
  /** Full name, e.g. `refs/heads/main`. */
  readonly ref: string;
  /** Canonical bytes of the ref pointer; owned by the caller. */
  readonly pointerBytes: Uint8Array;
  readonly versionTag: VersionTag;
}

/** A part of an immutable file. */
export interface ByteRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** A conditional write of one ref pointer. */
export interface RefUpdate {
  readonly ref: string;
  /** Version the pointer must still have; null when the ref must not exist. */
  readonly expected: VersionTag | null;
  /** Bytes to write; null deletes the ref. */
  readonly pointerBytes: Uint8Array | null;
}

/**
 * Outcome of a conditional write: it holds, another writer was first, or it is unknown.
 *
 * @spec DML-REM-0602
 */
export type RefUpdateOutcome = 'applied' | 'refused' | 'unknown';

/**
 * Input and output of one kind of Repository Remote; what to move and what is reachable is decided by the caller.
 *
 * @spec DML-REM-0601
 */
export interface RemoteAdapter {
  /** Yields every ref pointer whose full name starts with `prefix`. */
  listRefs(prefix: string): AsyncIterable<ListedRef>;
  /** Returns the bytes of a manifest, undefined when absent. */
  getManifest(manifestId: ManifestId): Promise<Uint8Array | undefined>;
  /** Returns the bytes of an immutable file below the root, or a range of them, undefined when absent. */
  getObject(path: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Writes an immutable file below the root; writing the same bytes again succeeds. */
  putObject(path: string, bytes: Uint8Array): Promise<void>;
  /** Carries out conditional writes one after another; returns their outcomes in the same order. */
  updateRefs(updates: readonly RefUpdate[]): Promise<readonly RefUpdateOutcome[]>;
}
