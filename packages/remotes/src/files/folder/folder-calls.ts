import { type StartTimer, startSystemTimer } from '../../timer.ts';

/** System calls on the files of a folder. */
export type FolderCall =
  | 'open'
  | 'look'
  | 'names'
  | 'read'
  | 'write'
  | 'sync'
  | 'close'
  | 'mkdir'
  | 'rename'
  | 'unlink'
  | 'rmdir';

export interface FolderCallOptions {
  /** Longest time that one system call may take. */
  readonly limitMs: number;
  /** Called before each system call, with the path below the root; a test counts, delays or fails calls by it. */
  readonly onCall?: ((call: FolderCall, path: string) => Promise<void> | void) | undefined;
  /** Timers for the limits; those of the system by default. */
  readonly startTimer?: StartTimer | undefined;
  /** True to reach files by their paths, as on systems without `/proc`. */
  readonly isByPath?: boolean | undefined;
}

/** Failure of a system call that did not end within its limit, and which may take effect later. */
export class HungCallError extends Error {
  override readonly name = 'HungCallError';

  constructor(call: FolderCall, limitMs: number) {
    super(`no answer to ${call} within ${limitMs / 1000} s`);
  }
}

/** Makes system calls that end: what hangs, as on a network file system without its server, is given up. */
export class FolderCalls {
  /** True where entries of an open folder are reached through its descriptor; undefined before the first one. */
  canPin: boolean | undefined;
  readonly #options: FolderCallOptions;

  constructor(options: FolderCallOptions) {
    this.#options = options;
    if (options.isByPath) this.canPin = false;
  }

  /**
   * Carries out a call. Throws what the system answers, and `HungCallError`; `onLate` is given what arrives after that.
   *
   * @spec DML-REM-0624
   */
  run<Answer>(
    call: FolderCall,
    path: string,
    act: () => Promise<Answer>,
    onLate?: (answer: Answer) => void,
  ): Promise<Answer> {
    const { limitMs, onCall, startTimer = startSystemTimer } = this.#options;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const stopTimer = startTimer(limitMs, () => {
        isOver = true;
        reject(new HungCallError(call, limitMs));
      });
      const acting = onCall === undefined ? act() : afterwards(onCall, { call, path }, act);
      acting.then(
        (answer) => {
          stopTimer();
          if (isOver) onLate?.(answer);
          else resolve(answer);
        },
        (error: unknown) => {
          stopTimer();
          reject(error);
        },
      );
    });
  }
}

async function afterwards<Answer>(
  onCall: (call: FolderCall, path: string) => Promise<void> | void,
  { call, path }: { readonly call: FolderCall; readonly path: string },
  act: () => Promise<Answer>,
): Promise<Answer> {
  await onCall(call, path);
  return act();
}

/** Returns the code of an error of the system. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
