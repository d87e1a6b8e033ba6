import { type OpReport, type OpRunOptions, Repository } from '@daggerml/bindings';
import { isDmlError } from '@daggerml/object-model';
import { userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import type { ExitCode } from '../invocation/exit-code.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { repositoryFolder } from '../invocation/repository-access.ts';
import { OpProgress } from '../render/op-progress.ts';
import { exitOfOps, printOps } from '../render/op-report.ts';
import { cliError } from '../wording/cli-error.ts';
import { actorOf } from './actor.ts';
import { passedVariables } from './passed-variables.ts';
import { thenClose } from './then-close.ts';
import { waitsOf } from './waits.ts';

/** Opens the repository for ops, and closes it however the command ends. */
export async function withOps<T>(
  context: CommandContext,
  command: string,
  act: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { io } = context;
  const repository = await Repository.open(repositoryFolder(context), {
    author: actorOf(io.env),
    env: passedVariables(context, command),
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
  });
  return await thenClose(
    context,
    () => act(repository),
    () => repository.close(),
  );
}

/** Carries out a run of ops with its progress on standard error, and prints how it ended. */
export async function carryOutOps(
  context: CommandContext,
  command: string,
  act: (options: OpRunOptions) => Promise<OpReport>,
  signal: AbortSignal = context.io.signal,
): Promise<ExitCode> {
  const { output } = context;
  const parallel = positiveInteger(context, 'parallel', command);
  const progress = new OpProgress(output);
  const wait = (): void => {
    output.live();
    // @spec DML-CLI-1827
    output.note('waiting for the phases that run; no other begins …');
  };
  signal.addEventListener('abort', wait, { once: true });
  try {
    const report = await act({ parallel, signal, onEvent: progress.onEvent });
    progress.close();
    printOps(report, output);
    return exitOfOps(report);
  } catch (error) {
    if (!isDmlError(error, 'cancelled')) throw error;
    progress.close();
    throw cliError('interrupted', {}, error, context.options.dryRun === true ? undefined : 'ops');
  } finally {
    progress.close();
    signal.removeEventListener('abort', wait);
  }
}
