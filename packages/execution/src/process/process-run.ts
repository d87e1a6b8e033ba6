import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { KeptStream } from './kept-stream.ts';
import { markedProcesses } from './marked-processes.ts';
import { discardPipe, type OpenPipe, releaseChildEnd } from './named-pipes.ts';
import { livingGroup } from './process-group.ts';
import { send } from './send-signal.ts';

export interface ProcessRequest {
  /** Absolute path of the program. */
  readonly program: string;
  /** Arguments, the name that the program is called by first. */
  readonly args: readonly string[];
  readonly folder: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * A text in the environment that no other run has. What the process starts inherits it, so it is found wherever it
   * moves itself.
   */
  readonly mark: string;
  /** True to write to the process; it reads nothing by default. */
  readonly hasInput?: boolean;
  /** Pipes for its output, which it can open by their names in `/dev`; sockets by default. */
  readonly output?: { readonly stdout: OpenPipe; readonly stderr: OpenPipe } | undefined;
  /** Number of pipes that the process can write to besides its output, as its descriptors 3, 4, …. */
  readonly pipes?: number;
}

/** End of a process: by itself with a code, or by a signal. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Time that output may still come after the process itself has ended, from processes that it left behind. */
const LATE_OUTPUT_MS = 500;
/** Time between a signal to end and the one that cannot be ignored. */
const GRACE_MS = 2_000;
/** Time in which no system gives all numbers of processes. */
const SHORT_MS = 1_000;
/** Rounds of killing: processes that start others while they are killed are found in the next one. */
const MAX_ROUNDS = 100;
const ROUND_MS = 10;

/** A child process with all that it starts; when it has ended, nothing of it is left. */
export class ProcessRun {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Undefined where the process reads nothing. */
  readonly stdin: Writable | undefined;
  /** Further pipes that it writes to. */
  readonly pipes: readonly Readable[];
  /** Resolves when all of it has ended and its output is read; rejects where it could not be started. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #kept: readonly KeptStream[];
  #killing: NodeJS.Timeout | undefined;

  constructor({ program, args, folder, env, mark, hasInput = false, output, pipes = 0 }: ProcessRequest) {
    const [argv0 = program, ...rest] = args;
    this.#mark = mark;
    try {
      this.#child = spawn(program, rest, {
        argv0,
        cwd: folder,
        env,
        // In a group of its own, which can be signalled as a whole.
        detached: true,
        stdio: [
          hasInput ? 'pipe' : 'ignore',
          output?.stdout.childFd ?? 'pipe',
          output?.stderr.childFd ?? 'pipe',
          ...Array.from({ length: pipes }, () => 'pipe' as const),
        ],
      });
    } catch (error) {
      for (const pipe of Object.values(output ?? {})) discardPipe(pipe);
      throw error;
    }
    for (const pipe of Object.values(output ?? {})) releaseChildEnd(pipe);
    const { stdout, stderr, stdin, stdio } = this.#child;
    this.stdin = stdin ?? undefined;
    this.#kept = [output?.stdout.stream ?? stdout, output?.stderr.stream ?? stderr, ...stdio.slice(3)].map(
      (stream) => new KeptStream(stream as Socket),
    );
    const [out, err, ...others] = this.#kept.map(({ kept }) => kept);
    this.stdout = out as Readable;
    this.stderr = err as Readable;
    this.pipes = others;
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks everything to end, and ends what has not after a while. */
  stop(graceMs: number = GRACE_MS): void {
    if (this.#child.pid === undefined || this.#killing) return;
    // @spec DML-EXE-3311
    this.#signal('SIGTERM');
    // @spec DML-EXE-3312
    this.#killing = setTimeout(() => this.#signal('SIGKILL'), graceMs);
  }

  async #end(): Promise<ProcessEnd> {
    const child = this.#child;
    const startedMs = performance.now();
    const closed = Promise.all(this.#kept.map((stream) => stream.closed));
    try {
      const end = await new Promise<ProcessEnd>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
      });
      const late = new AbortController();
      await Promise.race([closed, pause(LATE_OUTPUT_MS, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      clearTimeout(this.#killing);
      // @spec DML-EXE-3310
      const isShort = performance.now() - startedMs < SHORT_MS;
      const after = isShort ? child.pid : undefined;
      await endAll(() => [...livingGroup(child.pid), ...markedProcesses([this.#mark], after)]);
      return end;
    } finally {
      // What cannot be found may still hold the other end.
      // @spec DML-EXE-3315
      const silence = setInterval(() => this.#closeSilent(), LATE_OUTPUT_MS);
      if (child.pid === undefined) this.#closeSilent();
      await closed;
      clearInterval(silence);
    }
  }

  #closeSilent(): void {
    for (const stream of this.#kept) stream.closeWhenSilent();
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of [...livingGroup(this.#child.pid), ...markedProcesses([this.#mark])]) send(pid, signal);
  }
}

/** Ends processes, and those that they start in the meantime, until none is found. */
export async function endAll(find: () => readonly number[]): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const pids = find();
    if (pids.length === 0) return;
    for (const pid of pids) send(pid, 'SIGKILL');
    await pause(ROUND_MS);
  }
}
