import { isDmlError } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import type { Parameters } from '../invocation/parameter-options.ts';
import { formatColumns } from '../render/columns.ts';
import { formatCount } from '../render/quantities.ts';
import { type RunDocument, tookOf } from '../render/run-report.ts';
import { describeError } from '../wording/error-report.ts';

/** Exit codes of failures that concern one run and not the next. */
const OF_ONE_RUN: readonly ExitCode[] = [EXIT.callFailed, EXIT.infrastructure, EXIT.pipeline];

/** A run of a grid: what it came to, or why it failed. */
interface GridRun {
  readonly parameters: Parameters;
  readonly run: RunDocument | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/**
 * Runs a pipeline once for each entry of a grid, in order, and prints what each came to. A run that fails leaves the
 * others as they are; its error is thrown at the end.
 */
export async function runGrid(
  context: CommandContext,
  entries: readonly Parameters[],
  runOnce: (parameters: Parameters, startedMs: number) => Promise<RunDocument>,
): Promise<void> {
  const { io, output } = context;
  const runs: GridRun[] = [];
  let failure: unknown;
  // @spec DML-CLI-1765
  for (const [at, parameters] of entries.entries()) {
    output.note(output.safe(`run ${at + 1} of ${entries.length}: ${textOf(parameters).join(' ')}`));
    try {
      runs.push({ parameters, run: await runOnce(parameters, io.nowMs()), error: undefined });
    } catch (error) {
      const { exit, code, message } = describeError(error, undefined);
      runs.push({ parameters, run: undefined, error: { code, message } });
      failure ??= error;
      // @spec DML-CLI-1766
      if (io.signal.aborted || !isDmlError(error) || !OF_ONE_RUN.includes(exit as ExitCode)) break;
    }
  }
  const names = [...new Set(entries.flatMap((entry) => Object.keys(entry)))];
  const ended = runs.filter(({ run }) => run !== undefined).length;
  const document = {
    runs: runs.map(({ parameters, run, error }) => ({ given: parameters, ...run, ...(error && { error }) })),
    ended,
    failed: runs.length - ended,
    notRun: entries.length - runs.length,
  };
  // @spec DML-CLI-1767
  output.runResult(document, () =>
    formatColumns(
      runs.map(({ parameters, run, error }) => [
        ...names.map((name) => output.safe(textOf(parameters, [name])[0] ?? '')),
        ...(run === undefined
          ? [output.style('red', 'failed'), output.safe(error?.message ?? '')]
          : [output.shortId(run.changed ? run.commitId : run.madeInCommitId), tookOf(run)]),
      ]),
    ),
  );
  if (failure !== undefined)
    output.note(`${ended} of ${formatCount(entries.length, 'run')} ended well and committed`);
  if (failure !== undefined) throw failure;
}

function textOf(parameters: Parameters, names: readonly string[] = Object.keys(parameters)): string[] {
  return names
    .filter((name) => Object.hasOwn(parameters, name))
    .map((name) => `${name}=${JSON.stringify(parameters[name])}`);
}
