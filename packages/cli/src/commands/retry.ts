import { Repository, type RetriedCall } from '@daggerml/bindings';
import { userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { repositoryFolder } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { thenClose } from '../process/then-close.ts';
import { waitsOf } from '../process/waits.ts';
import { formatCount, formatDuration } from '../render/quantities.ts';
import { RunProgress } from '../render/run-progress.ts';

/** Runs `dml retry [what]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { io } = context;
  const workers = positiveInteger(context, 'workers', 'retry');
  const repository = await Repository.open(repositoryFolder(context), {
    author: actorOf(io.env),
    env: passedVariables(context, 'retry'),
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
    ...(workers !== undefined && { workers }),
  });
  return await thenClose(
    context,
    () => retry(context, repository),
    () => repository.close(),
  );
}

async function retry({ io, args, output }: CommandContext, repository: Repository): Promise<ExitCode> {
  const startedMs = io.nowMs();
  const [what] = args;
  const progress = new RunProgress(output, { nowMs: io.nowMs, cwd: undefined, isVerbose: true });
  try {
    const { calls, counts } = await repository.retry(what, { onEvent: progress.onEvent, signal: io.signal });
    progress.close();
    const durationMs = io.nowMs() - startedMs;
    const succeeded = calls.filter(({ status }) => status === 'ok').length;
    // @spec DML-CLI-1912
    output.result({ calls, counts, durationMs }, () =>
      calls.length === 0
        ? `nothing to retry: ${what === undefined ? 'no call' : `no call of ${output.safe(what)}`} has a recorded failure`
        : `${succeeded} of ${formatCount(calls.length, 'call')} succeeded in ${formatDuration(durationMs)}`,
    );
    if (succeeded > 0) {
      const dags = [...new Set(calls.map(({ dag }) => dag))].map((dag) => output.safe(dag));
      output.note(`the next "dml run" takes what succeeded, for ${dags.join(', ')}`);
    }
    return exitOf(calls);
  } finally {
    progress.close();
  }
}

/** @spec DML-CLI-1913 */
function exitOf(calls: readonly RetriedCall[]): ExitCode {
  const failed = calls.filter(({ status }) => status === 'error');
  if (failed.length === 0) return EXIT.done;
  const isRecorded = failed.some(({ failure }) => failure?.class === 'deterministic');
  return isRecorded ? EXIT.callFailed : EXIT.infrastructure;
}
