#!/usr/bin/env node
import type { StartOptions } from './process/program-process.ts';
import { isTooManyFiles, reportTooManyFiles } from './process/too-many-files.ts';

const argv = process.argv.slice(2);

async function start(): Promise<void> {
  // Only `dml run` runs code of others. The word decides, as to read the whole line takes as long as to start a process.
  if (!argv.includes('run')) return await startForUser();
  const { isOutputApart, runApart, takeMark } = await import('./process/apart.ts');
  if (takeMark(process.env)) {
    const { startForStarter } = await import('./process/apart-process.ts');
    return startForStarter(argv);
  }
  if (!isOutputApart()) return await startForUser();
  const { moveOutput } = await import('./process/moved-output.ts');
  const output = moveOutput();
  // An argument that is no UTF-8 is refused here: another process would be given what the runtime made of it.
  if (output !== undefined || argv.some((argument) => argument.includes('\ufffd')))
    return await startForUser({ output });
  runApart(argv, (failure) => void startForUser({ failure }));
}

async function startForUser(options?: StartOptions): Promise<void> {
  const program = await import('./process/program-process.ts');
  program.startForUser(argv, options);
}

start().catch((error: unknown) => {
  if (!isTooManyFiles(error)) throw error;
  process.exitCode = reportTooManyFiles(process.stderr, argv.includes('--json'));
});
