import { EXIT } from '../invocation/exit-code.ts';
import { reportDefect, reportFailure, reportWarning, runCli } from '../invocation/main.ts';
import type { CliErrorCode } from '../wording/cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { errnoOf } from './errno.ts';
import { mayBeReplaced } from './not-utf8.ts';
import { descriptorSink, type ResultSink, streamSink } from './result-sink.ts';
import { isTooManyFiles } from './too-many-files.ts';

/** Signals that end a command, and what an interrupt of its user is called. */
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Options for starting `dml` with other than the standard streams. */
export interface StartOptions {
  /** Descriptor of standard output where that is not 1. */
  readonly output?: number | undefined;
  /** Reason why the process for the command did not start, which is reported instead. */
  readonly failure?: NodeJS.ErrnoException | undefined;
}

/** Runs `dml` for whoever started it. */
export function startForUser(argv: readonly string[], { output, failure }: StartOptions = {}): void {
  const results = output === undefined ? streamSink(process.stdout) : descriptorSink(output);
  const end = startProgram(argv, results, failure && ((io) => reportNotStarted(failure, argv, io)));
  process.on('SIGINT', () => end('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end(signal));
}

function reportNotStarted(cause: NodeJS.ErrnoException, argv: readonly string[], io: CliIo): Promise<number> {
  if (isTooManyFiles(cause)) return reportDefect(cause, argv, io);
  return reportFailure('process_not_started', { errno: errnoOf(cause) }, argv, io);
}

/**
 * Runs `dml` as this process. Returns what ends it as the signal of the name does. `onBlocked` hears whether signals
 * have their default action, since work that blocks the thread has begun.
 */
export function startProgram(
  argv: readonly string[],
  results: ResultSink,
  run: (io: CliIo) => Promise<number> = (io) => runCli(argv, io),
  onBlocked: (isBlocked: boolean) => void = () => {},
): (signal: EndingSignal) => void {
  // Taken before a pipeline runs: there, both are not what they were.
  const exit = process.exit.bind(process);
  const writeError = process.stderr.write.bind(process.stderr);
  const interrupt = new AbortController();
  let endedBy: 'SIGTERM' | 'SIGHUP' | undefined;
  let isInterrupted = false;
  const end = (signal: EndingSignal): void => {
    if (signal !== 'SIGINT') endedBy ??= signal;
    // A second interrupt ends the process at once.
    else if (isInterrupted) exit(EXIT.interrupted);
    else isInterrupted = true;
    interrupt.abort();
  };

  results.onError((error) => {
    // A reader that closed the pipe has seen all it wanted. @spec DML-CLI-0408
    if (error.code === 'EPIPE') exit(process.exitCode ?? EXIT.done);
    // @spec DML-CLI-0562
    fail('unwritable_output', { errno: errnoOf(error) });
  });
  // Nobody is left to write to; the work goes on.
  process.stderr.on('error', () => {});

  const io: CliIo = {
    stdout: results,
    stderr: {
      write: (piece) => writeError(piece),
      isTTY: process.stderr.isTTY,
      get columns() {
        return process.stderr.columns;
      },
    },
    write: (piece) => results.writeInOrder(piece),
    openInput: () => process.stdin,
    cwd: currentFolder(),
    env: process.env,
    nowMs: Date.now,
    signal: interrupt.signal,
    endedBy: () => endedBy,
    // @spec DML-CLI-0550
    whileBlocked: () => {
      const restore = takeHandlersAway();
      onBlocked(true);
      return () => {
        onBlocked(false);
        restore();
      };
    },
  };

  // Nothing is left that could go on, yet the command has not ended: a pipeline awaits what nobody will settle.
  process.once('beforeExit', () => {
    // @spec DML-CLI-0506
    if (process.exitCode === undefined) fail(interrupt.signal.aborted ? 'interrupted' : 'pipeline_stalled');
  });

  function fail(code: CliErrorCode, fields: Readonly<Record<string, string>> = {}): void {
    void reportFailure(code, fields, argv, io).then((exitCode) => exit(exitCode));
  }

  let isReporting = false;
  process.on('uncaughtException', (error) => {
    // While a pipeline runs, what escapes it is its own failure.
    if (process.listenerCount('uncaughtException') !== 1) return;
    if (isReporting) giveUp(error);
    isReporting = true;
    reportDefect(error, argv, io).then(leave).catch(giveUp);
  });

  /** Ends the process when not even a defect can be reported, as where files of the installation are missing. */
  function giveUp(error: unknown): never {
    try {
      // What knows the characters to escape may be what is missing.
      writeError(
        `error: ${String(error instanceof Error ? error.stack : error).replace(/[^\n -~]/g, '?')}\n`,
      );
    } catch {
      // Then the exit code alone says it.
    }
    // @spec DML-CLI-0508
    return exit(EXIT.defect);
  }

  // A warning of the runtime is a note like any other. @spec DML-CLI-0465
  process.removeAllListeners('warning');
  process.on('warning', (warning) => void reportWarning(warning, argv, io));

  /** Ends the process when all that was said has been taken, whatever timers or sockets a pipeline left behind. @spec DML-CLI-1207 */
  function leave(exitCode: number): void {
    process.exitCode = exitCode;
    // What cannot be written is reported by the handler of that error, which then ends the process.
    results.whenTaken((error) => {
      if (!error) writeError('', () => exit(exitCode));
    });
  }

  // Not awaited at the top level, where Node would end with a code of its own when nothing is left to wait for.
  void run(io).then(leave);
  return end;
}

/** Makes signals end the process at once. Returns the function that restores the handlers. */
function takeHandlersAway(): () => void {
  const held = ENDING_SIGNALS.map((name) => [name, process.rawListeners(name)] as const);
  for (const name of ENDING_SIGNALS) process.removeAllListeners(name);
  return () => {
    for (const [name, listeners] of held)
      for (const listener of listeners) process.on(name, listener as NodeJS.SignalsListener);
  };
}

function currentFolder(): CliIo['cwd'] {
  let path: string;
  try {
    path = process.cwd();
  } catch {
    // Libraries ask for it as they load. Nothing can be made below this name of it either.
    process.cwd = () => '/proc/self/cwd';
    return { problem: 'gone' };
  }
  return mayBeReplaced(path) ? { problem: 'not_utf8' } : path;
}
