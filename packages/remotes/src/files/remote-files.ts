/** Part of a file, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A file of a remote, as a listing shows it. */
export interface ListedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Content of a mutable file, and the version that a compare-and-swap expects; opaque, and never used again. */
export interface FileVersion {
  readonly bytes: Uint8Array;
  readonly version: string;
}

/**
 * Answer of one conditional write. It is what the remote said, so that `refused` may still be this very write, whose
 * first answer was lost; whoever swaps settles that by the write id in the bytes.
 */
export type SwapAnswer =
  | { readonly outcome: 'applied'; readonly version: string }
  | { readonly outcome: 'refused' }
  /** No answer, or one that says nothing about the effect. */
  | { readonly outcome: 'unknown'; readonly cause: unknown };

/**
 * Files of one remote: input and output, no decisions. Paths are those of the layout of a remote, relative to its
 * root; an adapter refuses any other with `remote_path_invalid`.
 *
 * All methods come to an end. They throw `remote_unreachable`, `remote_refused` and `remote_missing`, `put` and `swap`
 * also `remote_full`, and those of a folder `remote_damaged` where something else stands in the place of a file.
 * Repeating what is no conditional write is the adapter's own concern.
 *
 * @spec DML-REM-0601
 */
export interface RemoteFiles {
  /** The remote as people know it, for messages; without credentials. */
  readonly name: string;

  /**
   * Returns the bytes of an immutable file, whole or a range; undefined when it is absent. A range that goes over the
   * end of the file returns what there is.
   */
  read(path: string, range?: ByteRange): Promise<Uint8Array | undefined>;

  /**
   * Writes an immutable file, which is whole and durable afterwards; writing the same bytes again succeeds. Whoever
   * knows the SHA-256 of the bytes gives it, in hex digits, so that it need not be computed again.
   */
  put(path: string, bytes: Uint8Array, sha256?: string): Promise<void>;

  /** Returns a mutable file; `unchanged` where it has the version that is known, undefined where it is absent. */
  readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined>;

  /**
   * Replaces the version `expected` of a mutable file, or creates the file where `expected` is null. One attempt:
   * rejects only where the write had no effect and never will.
   */
  swap(path: string, expected: string | null, bytes: Uint8Array): Promise<SwapAnswer>;

  /** Iterates over the files whose path begins with `prefix`, a mutable file under its own path, in any order. */
  list(prefix: string): AsyncIterable<ListedFile>;

  /**
   * Deletes immutable files, mutable ones of a check and exec refs, which are not written again; absent ones are no
   * error. Deletes
   * nothing where one of the paths is refused.
   */
  remove(paths: readonly string[]): Promise<void>;

  /** Returns the time of the remote's clock in milliseconds since 1970, to the second at least. */
  now(): Promise<number>;

  /** Ends connections; the object is of no use afterwards. */
  close(): Promise<void>;
}
