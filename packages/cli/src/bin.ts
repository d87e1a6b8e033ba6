#!/usr/bin/env node
import process from 'node:process';
import type { CliIo } from './cli-io.ts';
import { runCli } from './main.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort();
  // A second interrupt ends the process at once.
  process.once('SIGINT', () => process.exit(130));
});
process.once('SIGTERM', () => interrupt.abort());

// A reader that closed the pipe has seen all it wanted. @spec DML-CLI-0408
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

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
process.exitCode = await runCli(process.argv.slice(2), io);
