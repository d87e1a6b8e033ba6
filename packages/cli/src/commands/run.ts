import { loadPipeline, Repository } from '@daggerml/bindings';
import { nfcText } from '@daggerml/object-model';
import { userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { repositoryFolder } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { consoleToNotes } from '../process/console.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { guardPipeline } from '../process/pipeline-guard.ts';
import { refuseUnusable } from '../process/source-file.ts';
import { thenClose } from '../process/then-close.ts';
import { waitsOf } from '../process/waits.ts';
import { RunProgress } from '../render/run-progress.ts';
import { reportRun } from '../render/run-report.ts';
import { cliError } from '../wording/cli-error.ts';
import { endOfRun } from '../wording/run-failure.ts';

/** Runs `dml run <file> [pipeline]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, options, output } = context;
  const startedMs = io.nowMs();
  // @spec DML-CLI-0709
  const workers = positiveInteger(context, 'workers', 'run');
  const env = passedVariables(context, 'run');
  // The repository first: nothing of the pipeline runs where its outcome could not be kept.
  const repository = await Repository.open(repositoryFolder(context), {
    author: actorOf(io.env),
    env,
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
    ...(workers !== undefined && { workers }),
    // @spec DML-CLI-0770
    ...(options.fileCache === false && { fileCache: false }),
    // @spec DML-CLI-1710
    ...(options.dryRun === true && { readOnly: true }),
  });
  // @spec DML-CLI-0722
  const names = Object.keys(env).join(', ');
  if (names !== '') output.note(`functions see ${names}; another value is no reason to run a call again`);
  // @spec DML-CLI-0703
  await thenClose(
    context,
    () => runFile(context, repository, startedMs),
    () => repository.close(),
  );
}

async function runFile(context: CommandContext, repository: Repository, startedMs: number): Promise<void> {
  const { io, args, options, output } = context;
  const [file = '', wanted] = args;
  const path = absolutePath(io, file);
  // Code of a pipeline may use the current folder, and the bundler does.
  absolutePath(io, '.');
  const progress = new RunProgress(output, {
    nowMs: io.nowMs,
    cwd: knownFolder(io),
    isVerbose: options.verbose === true,
  });
  const restoreConsole = consoleToNotes(output);
  const guard = guardPipeline(path);
  const interrupted = rejection(io.signal, () => {
    output.note('stopping the running calls …');
    return cliError('interrupted');
  });
  const escaped = rejection(guard.signal, () => guard.signal.reason);
  try {
    refuseUnusable(path);
    const pipeline = await Promise.race([
      loadPipeline(path, wanted && nfcText(wanted)),
      interrupted,
      escaped,
    ]);
    const runOptions = {
      // @spec DML-CLI-0504
      signal: AbortSignal.any([io.signal, guard.signal]),
      // @spec DML-CLI-1910
      failFast: options.failFast === true,
      callDefaults: {
        // @spec DML-CLI-0707
        ...(options.cache === false && { cache: false }),
        // @spec DML-CLI-0708
        ...(options.retryFailed === true && { retryFailed: true }),
      },
    };
    if (options.dryRun === true) {
      const { reportPlan } = await import('../render/run-plan.ts');
      const plan = await repository.plan(pipeline, { ...runOptions, onEvent: progress.onCapture });
      progress.close();
      return reportPlan(context, plan, pipeline.name);
    }
    const result = await repository.run(pipeline, { ...runOptions, onEvent: progress.onEvent });
    progress.close();
    const durationMs = io.nowMs() - startedMs;
    reportRun(context, repository, result, { name: pipeline.name, durationMs, warnings: progress.warnings });
  } catch (error) {
    if (options.failFast === true && progress.failedCalls.length > 0)
      output.note('stopped at the first failure: open calls were cancelled, finished ones are kept');
    throw endOfRun(guard.signal.aborted ? guard.signal.reason : error, progress.failedCalls);
  } finally {
    progress.close();
    guard.release();
    restoreConsole();
  }
}

/** Rejects with what `reason` returns when the signal is aborted; never resolves, and may be left unheard. */
function rejection(signal: AbortSignal, reason: () => unknown): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(reason());
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  aborted.catch(() => {});
  return aborted;
}
