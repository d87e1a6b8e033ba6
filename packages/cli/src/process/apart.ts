import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** Descriptors of a process that runs code of others: its results, and what comes from the process that started it. */
export const RESULTS_DESCRIPTOR = 3;
export const CONTROL_DESCRIPTOR = 4;

/** Names in the environment of that process the one that started it. */
const MARK = 'DML_STARTED_BY';

/** Checks whether another process of `dml` started this one, and takes the mark out of the environment. */
export function takeMark(env: NodeJS.ProcessEnv): boolean {
  const startedBy = env[MARK];
  delete env[MARK];
  return startedBy === String(process.ppid);
}

/** Checks whether standard output leads elsewhere than standard error, so that what goes to either can be distinguished. */
export function isOutputApart(): boolean {
  // As big integers: the other form of a pipe's status misleads the module loader of Node 20 later on.
  const [output, notes] = [fstatSync(1, { bigint: true }), fstatSync(2, { bigint: true })];
  return output.dev !== notes.dev || output.ino !== notes.ino;
}

/**
 * Runs the command line in a process whose descriptor 1 is standard error: what code of a pipeline or function writes
 * there, and what programs do that it starts, then is no part of the result. That process has standard output as
 * another descriptor. This one passes on what is to end it, and ends as that one does.
 */
export function runApart(argv: readonly string[], onError: (error: NodeJS.ErrnoException) => void): void {
  const [, program = ''] = process.argv;
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...process.execArgv, program, ...argv], {
      // @spec DML-CLI-0463
      stdio: [0, 2, 2, 1, 'pipe'],
      env: { ...process.env, [MARK]: String(process.pid) },
    });
  } catch (error) {
    // Some reasons come at once, such as a command line that is too long.
    return onError(error as NodeJS.ErrnoException);
  }
  child.once('error', onError);
  child.once('exit', (exitCode, signal) => {
    if (signal === null) process.exit(exitCode as number);
    process.removeAllListeners(signal);
    // @spec DML-CLI-0561
    process.kill(process.pid, signal);
  });
  // A process that could not be started has none.
  const control = child.stdio?.[CONTROL_DESCRIPTOR] as Writable | undefined;
  if (control === undefined) return;
  // The process may have ended by now.
  control.on('error', () => {});
  // By a second signal of the kind this process ends at once, and the other one with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => control.write(`${signal}\n`));
}
