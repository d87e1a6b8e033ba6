#!/usr/bin/env node
import type { CliErrorCode } from './cli-error.ts';

const argv = process.argv.slice(2);

async function start(): Promise<void> {
  // Only `dml run` runs code of others. The word decides, as to read the whole line takes as long as to start a process.
  if (argv.includes('run') && (await isStartedApart())) return;
  const { startForUser } = await import('./program-process.ts');
  startForUser(argv);
}

/** Starts the program with a descriptor for its results, here or in another process; false where that is not needed. */
async function isStartedApart(): Promise<boolean> {
  const { isOutputApart, runApart, takeMark } = await import('./apart.ts');
  if (takeMark(process.env)) {
    const { startForStarter } = await import('./apart-process.ts');
    startForStarter(argv);
    return true;
  }
  // An argument that is no UTF-8 is refused here: another process would be given what the runtime made of it.
  if (!isOutputApart() || argv.some((argument) => argument.includes('\ufffd'))) return false;
  runApart(argv, (cause) => void fail('process_not_started', { errno: cause.code ?? 'unknown' }));
  return true;
}

async function fail(code: CliErrorCode, fields: Readonly<Record<string, string>>): Promise<void> {
  const { startForUser } = await import('./program-process.ts');
  startForUser(argv, { code, fields });
}

void start();
