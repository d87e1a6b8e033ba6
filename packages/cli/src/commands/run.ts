import {
  type Dag,
  type LoadedPipeline,
  loadPipeline,
  Repository,
  type RepositoryOptions,
  type RunEvent,
  type RunOptions,
} from '@daggerml/bindings';
import { nfcText } from '@daggerml/object-model';
import { userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { type Parameters, parametersOfRuns } from '../invocation/parameter-options.ts';
import { repositoryFolder } from '../invocation/repository-access.ts';
import { listedResources } from '../invocation/resources.ts';
import { actorOf } from '../process/actor.ts';
import { adapterSurroundings } from '../process/adapter-surroundings.ts';
import { consoleToNotes } from '../process/console.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { guardPipeline } from '../process/pipeline-guard.ts';
import { adapterOpener } from '../process/remote-adapters.ts';
import type { RunTracing } from '../process/run-tracing.ts';
import { refuseUnusable } from '../process/source-file.ts';
import { thenClose } from '../process/then-close.ts';
import { waitsOf } from '../process/waits.ts';
import { printEvent } from '../render/run-lines.ts';
import { RunProgress } from '../render/run-progress.ts';
import { type RunDocument, reportRun, runDocument } from '../render/run-report.ts';
import { cliError } from '../wording/cli-error.ts';
import { endOfRun } from '../wording/run-failure.ts';

/** Runs `dml run <file> [pipeline]`. */
export async function run(context: CommandContext): Promise<void> {
  const { options } = context;
  if (options.remote === undefined) {
    const problem = 'only with --remote: nothing is published without it';
    if (options.sign !== undefined || options.publish === false)
      throw cliError('invalid_argument', {
        problem: `--sign and --no-publish go ${problem}`,
        command: 'run',
      });
    // @spec DML-CLI-1220
    if (options.onWorkers === true)
      throw cliError('invalid_argument', {
        problem: '--on-workers goes only with --remote: the workers are those of a remote',
        command: 'run',
      });
    return await runSharing(context);
  }
  if (options.onWorkers === true && options.resources !== undefined)
    throw cliError('invalid_argument', {
      problem: '--resources does not go with --on-workers: each worker says what it offers, by --offers',
      command: 'run',
    });
  const { withSharing } = await import('../process/run-sharing.ts');
  await withSharing(context, String(options.remote), (shared) => runSharing(context, shared));
}

/** Runs the pipeline, with others where they share something. */
async function runSharing(
  context: CommandContext,
  shared?: Pick<RepositoryOptions, 'sharing' | 'pools'>,
): Promise<void> {
  const { io, options, output } = context;
  const startedMs = io.nowMs();
  // @spec DML-CLI-0709
  const workers = positiveInteger(context, 'workers', 'run');
  // Refused before anything of the pipeline runs.
  listedResources(context, 'run');
  const env = passedVariables(context, 'run');
  // The repository first: nothing of the pipeline runs where its outcome could not be kept.
  const repository = await Repository.open(repositoryFolder(context), {
    author: actorOf(io.env),
    env,
    executables: adapterSurroundings(io.env, env),
    openAdapter: adapterOpener(io.env),
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
    ...(workers !== undefined && { workers }),
    // @spec DML-CLI-1960
    isolate: options.isolate === true,
    // @spec DML-CLI-0770
    ...(options.fileCache === false && { fileCache: false }),
    // @spec DML-CLI-1710
    ...(options.dryRun === true && { readOnly: true }),
    ...shared,
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
  const { io, args, output } = context;
  const [file = '', wanted] = args;
  const path = absolutePath(io, file);
  // Code of a pipeline may use the current folder, and the bundler does.
  absolutePath(io, '.');
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
    const { runs, isGrid } = parametersOfRuns(context, pipeline);
    const signal = AbortSignal.any([io.signal, guard.signal]);
    const request = { repository, pipeline, signal };
    const runOnce = (parameters: Parameters, sinceMs: number): Promise<RunDocument> =>
      runWith(context, { ...request, startedMs: sinceMs }, parameters);
    if (context.options.dryRun === true) await planWith(context, request, onlyOf(runs, isGrid));
    else if (isGrid) await (await import('./run-grid.ts')).runGrid(context, runs, runOnce);
    else reportRun(context, await runOnce(runs[0] as Parameters, startedMs));
  } catch (error) {
    throw guard.signal.aborted ? guard.signal.reason : error;
  } finally {
    guard.release();
    restoreConsole();
  }
}

interface PipelineRequest {
  readonly repository: Repository;
  readonly pipeline: LoadedPipeline;
  readonly signal: AbortSignal;
}

/** Returns the parameters of a command line for one run. */
function onlyOf(runs: readonly Parameters[], isGrid: boolean): Parameters {
  const problem = 'a dry run is one run: set parameters by --param, not by a list of --param-file';
  if (isGrid) throw cliError('invalid_argument', { problem, command: 'run' });
  return runs[0] as Parameters;
}

/** Prints which calls of the pipeline would run. */
async function planWith(
  context: CommandContext,
  { repository, pipeline, signal }: PipelineRequest,
  parameters: Parameters,
): Promise<void> {
  const progress = progressOf(context);
  try {
    const { reportPlan } = await import('../render/run-plan.ts');
    const options = { ...optionsOf(context), parameters, signal, onEvent: progress.onCapture };
    const plan = await repository.plan(pipeline, options);
    progress.close();
    reportPlan(context, plan, pipeline.name);
  } finally {
    progress.close();
  }
}

/** Runs the pipeline once. */
async function runWith(
  context: CommandContext,
  { repository, pipeline, signal, startedMs }: PipelineRequest & { readonly startedMs: number },
  given: Parameters,
): Promise<RunDocument> {
  const { io, options, output } = context;
  const { message } = options;
  const progress = progressOf(context);
  try {
    const spans = await spansOf(context, pipeline.name, startedMs);
    const onEvent = (event: RunEvent, dag: Dag): void => {
      progress.onEvent(event, dag);
      printEvent(output, event, dag);
      spans?.take(event);
    };
    const running = repository.run(pipeline, {
      ...optionsOf(context),
      parameters: given,
      // @spec DML-CLI-1770
      ...(typeof message === 'string' && { message }),
      onEvent,
      // @spec DML-CLI-0504
      signal,
    });
    const result = await (spans ? spans.until(running, io.nowMs) : running);
    progress.close();
    const durationMs = io.nowMs() - startedMs;
    const { parameters } = result;
    const { warnings, slowest } = progress;
    const facts = { name: pipeline.name, parameters, durationMs, warnings, slowest };
    return runDocument(context, repository, result, facts);
  } catch (error) {
    if (options.failFast === true && progress.failedCalls.length > 0)
      output.note('stopped at the first failure: open calls were cancelled, finished ones are kept');
    throw endOfRun(error, progress.failedCalls);
  } finally {
    progress.close();
  }
}

/** Returns what sends the spans of a run to where `--otlp` says; undefined without it. */
async function spansOf(
  { io, options, output }: CommandContext,
  name: string,
  startedMs: number,
): Promise<RunTracing | undefined> {
  if (options.otlp === undefined) return undefined;
  const { isUrl, RunTracing } = await import('../process/run-tracing.ts');
  const target = String(options.otlp);
  const place = isUrl(target) ? target : absolutePath(io, target);
  return new RunTracing(place, { name, startedMs, warn: (line) => output.note(line) });
}

function progressOf({ io, options, output }: CommandContext): RunProgress {
  return new RunProgress(output, {
    nowMs: io.nowMs,
    cwd: knownFolder(io),
    isVerbose: options.verbose === true,
  });
}

function optionsOf(
  context: CommandContext,
): Pick<RunOptions, 'callDefaults' | 'failFast' | 'resources' | 'sandbox'> {
  const { options } = context;
  const resources = listedResources(context, 'run');
  return {
    // @spec DML-CLI-1914
    ...(resources && { resources }),
    // @spec DML-CLI-1910
    failFast: options.failFast === true,
    // @spec DML-CLI-1940
    sandbox: options.sandbox === true,
    callDefaults: {
      // @spec DML-CLI-0707
      ...(options.cache === false && { cache: false }),
      // @spec DML-CLI-0708
      ...(options.retryFailed === true && { retryFailed: true }),
    },
  };
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
