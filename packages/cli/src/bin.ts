#!/usr/bin/env node
import type { CliErrorCode } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { EXIT } from './exit-code.ts';
import { reportFailure, runCli } from './main.ts';

const argv = process.argv.slice(2);
const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort();
  // A second interrupt ends the process at once.
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
});
process.once('SIGTERM', () => interrupt.abort());

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that closed the pipe has seen all it wanted. @spec DML-CLI-0408
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  fail('unwritable_path', { path: 'standard output', errno: error.code ?? 'unknown' });
});
// Nobody is left to talk to; the work goes on.
process.stderr.on('error', () => {});

const io: CliIo = {
  stdout: process.stdout,
  stderr: process.stderr,
  write: (piece) =>
    new Promise((resolve) => {
      if (process.stdout.write(piece)) resolve();
      else process.stdout.once('drain', resolve);
    }),
  cwd: process.cwd(),
  env: process.env,
  nowMs: Date.now,
  signal: interrupt.signal,
};

// Nothing is left that could go on, yet the command has not ended: a pipeline awaits what nobody will settle.
process.once('beforeExit', () => {
  // @spec DML-CLI-0506
  if (process.exitCode === undefined) fail(interrupt.signal.aborted ? 'interrupted' : 'pipeline_stalled');
});

function fail(code: CliErrorCode, fields: Readonly<Record<string, string>> = {}): void {
  void reportFailure({ code, fields }, argv, io).then((exitCode) => process.exit(exitCode));
}

// Not awaited at the top level, where Node would end with a code of its own when nothing is left to wait for.
void runCli(argv, io).then((exitCode) => {
  process.exitCode = exitCode;
});
