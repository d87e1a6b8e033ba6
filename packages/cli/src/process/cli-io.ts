import type { Readable } from 'node:stream';

/** A place text is written to. */
export interface TextSink {
  write(text: string | Uint8Array): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Everything a command takes from outside. */
export interface CliIo {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Writes to standard output and resolves when it can take more. */
  write(piece: Uint8Array | string): Promise<void>;
  /** Opens standard input. */
  openInput?(): Readable;
  /** Absolute path of the folder the command was started in, or why it has none. */
  readonly cwd: string | { readonly problem: 'gone' | 'not_utf8' };
  readonly env: Readonly<Record<string, string | undefined>>;
  nowMs(): number;
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  /** Makes signals end the process at once until the returned function is called: for work that blocks the thread. */
  whileBlocked?(): () => void;
  /** Returns the signal that aborted the command, unless it was an interrupt of the user. */
  endedBy?(): 'SIGTERM' | 'SIGHUP' | undefined;
}

/** Options that every command accepts, before and after its name. */
export interface GlobalOptions {
  readonly repo?: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}
