#!/usr/bin/env node
import type { CliErrorCode } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { EXIT } from './exit-code.ts';
import { reportDefect, reportFailure, runCli } from './main.ts';
import { isTooManyFiles, RAISE_LIMIT, TOO_MANY_FILES } from './too-many-files.ts';

const argv = process.argv.slice(2);
// Taken before a pipeline runs: there, both are not what they were.
const exit = process.exit.bind(process);
const write = process.stdout.write.bind(process.stdout);
const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort();
  // A second interrupt ends the process at once.
  process.once('SIGINT', () => exit(EXIT.interrupted));
});
let endedBy: 'SIGTERM' | 'SIGHUP' | undefined;
for (const name of ['SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => {
    endedBy ??= name;
    interrupt.abort();
  });

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that closed the pipe has seen all it wanted. @spec DML-CLI-0408
  if (error.code === 'EPIPE') exit(process.exitCode ?? EXIT.done);
  fail('unwritable_path', { path: 'standard output', errno: error.code ?? 'unknown' });
});
// Nobody is left to talk to; the work goes on.
process.stderr.on('error', () => {});

const io: CliIo = {
  stdout: {
    write: (piece) => write(piece),
    isTTY: process.stdout.isTTY,
    columns: process.stdout.columns,
  },
  stderr: process.stderr,
  write: (piece) =>
    new Promise((resolve) => {
      if (write(piece)) resolve();
      else process.stdout.once('drain', resolve);
    }),
  cwd: process.cwd(),
  env: process.env,
  nowMs: Date.now,
  signal: interrupt.signal,
  endedBy: () => endedBy,
};

// Nothing is left that could go on, yet the command has not ended: a pipeline awaits what nobody will settle.
process.once('beforeExit', () => {
  // @spec DML-CLI-0506
  if (process.exitCode === undefined) fail(interrupt.signal.aborted ? 'interrupted' : 'pipeline_stalled');
});

function fail(code: CliErrorCode, fields: Readonly<Record<string, string>> = {}): void {
  void reportFailure({ code, fields }, argv, io).then((exitCode) => exit(exitCode));
}

let isReporting = false;
process.on('uncaughtException', (error) => {
  // While a pipeline runs, what escapes it is its own failure.
  if (process.listenerCount('uncaughtException') !== 1) return;
  if (isReporting) giveUp(error);
  isReporting = true;
  reportDefect(error, argv, io).then(end).catch(giveUp);
});

/** Ends the process when not even a defect can be reported, as where files of the installation are missing. */
function giveUp(error: unknown): never {
  if (isTooManyFiles(error)) return endWithoutFiles();
  const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  try {
    process.stderr.write(`error: ${last instanceof Error ? last.stack : String(last)}\n`);
  } catch {
    // Then the exit code tells it alone.
  }
  // @spec DML-CLI-0508
  return exit(EXIT.defect);
}
/** What reports errors is in files of its own. @spec DML-CLI-1242 */
function endWithoutFiles(): never {
  const document = { code: 'too_many_files', detail: null, message: TOO_MANY_FILES, hint: RAISE_LIMIT };
  process.stderr.write(
    argv.includes('--json')
      ? `${JSON.stringify(document, undefined, 2)}\n`
      : `dml: ${TOO_MANY_FILES}\nhint: ${RAISE_LIMIT}\n`,
  );
  return exit(EXIT.storage);
}
// What the runtime has to say is talk, and with --json there is none.
if (argv.includes('--json')) process.removeAllListeners('warning');

/** Ends the process when all that was said has been taken, whatever timers or sockets a pipeline left behind. @spec DML-CLI-1207 */
function end(exitCode: number): void {
  process.exitCode = exitCode;
  // What cannot be written is told by the handler of that error, which then ends the process.
  const endTalk = (error?: Error | null): void => {
    if (!error) process.stderr.write('', () => exit(exitCode));
  };
  if (process.stdout.writableLength > 0) write('', endTalk);
  else endTalk(process.stdout.errored);
}

// Not awaited at the top level, where Node would end with a code of its own when nothing is left to wait for.
void runCli(argv, io).then(end);
