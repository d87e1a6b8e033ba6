#!/usr/bin/env node
import { mayBeReplaced } from './process/not-utf8.ts';
import type { StartOptions } from './process/program-process.ts';
import { isTooManyFiles, reportTooManyFiles } from './process/too-many-files.ts';

const argv = process.argv.slice(2);
/** Place of the word of a command that runs code of a pipeline; negative where there is none. */
const codeAt = argv.findIndex((word) => word === 'run' || word === 'params' || word === 'resume');

async function start(): Promise<void> {
  // Few commands run code of others. The word decides, as to read the whole line takes as long as to start a process.
  if (codeAt < 0) {
    const program = await import('./process/program-process.ts');
    return program.startForUser(argv);
  }
  const { isOutputApart, runApart, takeMark } = await import('./process/apart.ts');
  if (takeMark(process.env)) {
    await compileAhead();
    const { startForStarter } = await import('./process/apart-process.ts');
    return startForStarter(argv);
  }
  if (!isOutputApart()) return await startForUser();
  const { moveOutput } = await import('./process/moved-output.ts');
  const output = moveOutput();
  // An argument that is no UTF-8 is refused here: another process would be given what the runtime made of it.
  if (output !== undefined || argv.some(mayBeReplaced)) return await startForUser({ output });
  runApart(argv, (failure) => void startForUser({ failure }));
}

/** Runs in this process; the pipeline is compiled in another thread while the rest of the program is loaded. */
async function startForUser(options?: StartOptions): Promise<void> {
  if (options?.failure === undefined) await compileAhead();
  const program = await import('./process/program-process.ts');
  program.startForUser(argv, options);
}

async function compileAhead(): Promise<void> {
  if (argv[codeAt] === 'resume') return;
  const thread = await import('@daggerml/capture/compile-ahead');
  thread.compileAhead(argv.slice(codeAt + 1));
}

start().catch((error: unknown) => {
  if (!isTooManyFiles(error)) throw error;
  process.exitCode = reportTooManyFiles(process.stderr, argv.includes('--json'));
});
