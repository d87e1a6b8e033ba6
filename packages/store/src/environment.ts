/** Facts about the file system that a store is on. */
export interface FileSystemKind {
  /** The `f_type` magic number of statfs(2). */
  readonly type: number;
  /** Bytes an ordinary user may still write; infinite where that is not known. */
  readonly availableBytes: number;
}

/** Facts about a process on this machine. */
export type ProcessProbe =
  | { readonly state: 'alive'; readonly startTime: string }
  | { readonly state: 'dead' }
  | { readonly state: 'unknown' };

/** Names a process well enough to tell it from a later one with the same pid; what cannot be read is empty. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  /** Two identities are comparable by pid only when this is equal and not empty. */
  readonly pidNamespace: string;
}

/** The reason that a store waits for. */
export interface Waiting {
  /**
   * `write_lock`: another process is in a write transaction; `process_number`: a process of another process
   * namespace uses the store under the number of this one; `locks`: the locks of the file are unusable until those
   * who hold it let go.
   */
  readonly reason: 'write_lock' | 'process_number' | 'locks';
  readonly path: string;
  /** Number of the process that is waited for, in its own process namespace, where it is known. */
  readonly pid?: number;
  /** There when that process is in another process namespace than this one, such as a container. */
  readonly namespace?: 'another';
}

/** Options of waits for other processes. */
export interface WaitOptions {
  /** Longest wait for other processes while nothing changes; a minute when absent. */
  readonly lockWaitMs?: number | undefined;
  /** Called once when a wait has lasted a second; the wait goes on. */
  readonly onWait?: ((waiting: Waiting) => void) | undefined;
  /** Called when a wait begins to block the thread; what it returns is called when the thread goes on. */
  readonly whileBlocked?: (() => () => void) | undefined;
}

/** Everything the store takes from outside: clock, randomness, processes, file system kind, failpoints. */
export interface StoreEnvironment extends WaitOptions {
  nowMs(): number;
  randomUuid(): string;
  readonly process: ProcessIdentity;
  probe(pid: number): ProcessProbe;
  statFileSystem(path: string): FileSystemKind;
  /** Makes the entries of a folder durable. */
  syncDirectory(path: string): void;
  readonly isMainThread: boolean;
  /** Checks whether a process holds its place, among those that the kernel says hold one; tests play processes here. */
  holdsSlot(pid: number, holders: ReadonlySet<number>): boolean;
  /** Returns the time of a clock that is never set, in milliseconds. */
  monotonicMs(): number;
  /** Blocks the thread. */
  pause(ms: number): void;
  /** Pauses without blocking the thread; rejects with the reason of the signal when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
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
