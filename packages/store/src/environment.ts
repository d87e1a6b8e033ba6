/** What one look at a file system says about the place of a store. */
export interface FileSystemKind {
  /** The `f_type` magic number of statfs(2). */
  readonly type: number;
  /** Bytes an ordinary user may still write; infinite where that is not known. */
  readonly availableBytes: number;
}

/** What is known of a process on this machine. */
export type ProcessProbe =
  | { readonly state: 'alive'; readonly startTime: string }
  | { readonly state: 'dead' }
  | { readonly state: 'unknown' };

/** Names the process that owns a session well enough to tell it from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  /** Two identities are comparable by pid only when this is equal. */
  readonly pidNamespace: string;
}

/** Everything the store takes from outside: clock, randomness, processes, file system kind, failpoints. */
export interface StoreEnvironment {
  nowMs(): number;
  randomUuid(): string;
  readonly process: ProcessIdentity;
  probe(pid: number): ProcessProbe;
  statFileSystem(path: string): FileSystemKind;
  /** Makes the entries of a folder durable. */
  syncDirectory(path: string): void;
  readonly isMainThread: boolean;
  /** Address space to reserve for a data file; the engine's default when absent. */
  readonly mapBytes?: number | undefined;
  /** Longest file the process may write; undefined where there is no limit. */
  readonly maxFileBytes?: number | undefined;
  /**
   * Called at every named failpoint. Crash tests end the process here; fault tests throw, which the store
   * treats as a failure of the engine at that place.
   */
  readonly failpoint?: ((name: string) => void) | undefined;
}
