import type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
import { checkPath } from '../format/file-path.ts';

export interface MemoryRemoteOptions {
  /** Name of the remote in messages. */
  readonly name?: string;
  /** Clock of the remote. */
  readonly nowMs?: () => number;
}

/** A remote in memory, which ends with its process; any number of handles see the same files. */
export class MemoryRemote {
  readonly name: string;
  readonly #nowMs: () => number;
  readonly #immutable = new Map<string, Uint8Array>();
  readonly #mutable = new Map<string, FileVersion>();
  #versions = 0;

  constructor({ name = 'memory', nowMs = Date.now }: MemoryRemoteOptions = {}) {
    this.name = name;
    this.#nowMs = nowMs;
  }

  /** Paths of all files. */
  get paths(): readonly string[] {
    return [...this.#immutable.keys(), ...this.#mutable.keys()].sort();
  }

  /** Puts bytes in the place of an immutable file, whatever they are; undefined takes any file away. */
  plant(path: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) {
      this.#immutable.delete(path);
      this.#mutable.delete(path);
    } else this.#immutable.set(path, Uint8Array.from(bytes));
  }

  /** Opens another handle. */
  open(): RemoteFiles {
    return {
      name: this.name,
      read: async (path, range) => this.#read(path, range),
      put: async (path, bytes) => {
        checkPath(path, 'immutable');
        this.#immutable.set(path, Uint8Array.from(bytes));
      },
      readVersion: async (path, knownVersion) => this.#readVersion(path, knownVersion),
      swap: async (path, expected, bytes) => this.#swap(path, expected, bytes),
      list: (prefix) => this.#list(prefix),
      remove: async (paths) => this.#remove(paths),
      now: async () => this.#nowMs(),
      close: async () => {},
    };
  }

  #read(path: string, range: ByteRange | undefined): Uint8Array | undefined {
    checkPath(path, 'immutable');
    const bytes = this.#immutable.get(path);
    return range === undefined ? bytes?.slice() : bytes?.slice(range.offset, range.offset + range.length);
  }

  #readVersion(path: string, knownVersion: string | undefined): FileVersion | 'unchanged' | undefined {
    checkPath(path, 'mutable');
    const found = this.#mutable.get(path);
    if (found === undefined) return undefined;
    return found.version === knownVersion ? 'unchanged' : { ...found, bytes: found.bytes.slice() };
  }

  #swap(path: string, expected: string | null, bytes: Uint8Array): SwapAnswer {
    checkPath(path, 'mutable');
    if ((this.#mutable.get(path)?.version ?? null) !== expected) return { outcome: 'refused' };
    this.#versions += 1;
    const version = `version ${this.#versions}`;
    this.#mutable.set(path, { bytes: Uint8Array.from(bytes), version });
    return { outcome: 'applied', version };
  }

  async *#list(prefix: string): AsyncGenerator<ListedFile, void, undefined> {
    checkPath(prefix, 'prefix');
    const files = [
      ...[...this.#immutable].map(([path, { length }]) => ({ path, sizeBytes: length })),
      ...[...this.#mutable].map(([path, { bytes }]) => ({ path, sizeBytes: bytes.length })),
    ];
    for (const file of files) if (file.path.startsWith(prefix)) yield file;
  }

  #remove(paths: readonly string[]): void {
    for (const path of paths) checkPath(path, 'removable');
    for (const path of paths) {
      this.#immutable.delete(path);
      this.#mutable.delete(path);
    }
  }
}
