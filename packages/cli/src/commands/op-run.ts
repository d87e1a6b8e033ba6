import { readFileSync } from 'node:fs';
import { loadOps, type OpReport, type OpRunOptions, type Target } from '@daggerml/bindings';
import { nfcText } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import type { ExitCode } from '../invocation/exit-code.ts';
import { consoleToNotes } from '../process/console.ts';
import { absolutePath } from '../process/current-folder.ts';
import { errnoOf } from '../process/errno.ts';
import { carryOutOps, withOps } from '../process/ops-session.ts';
import { guardPipeline } from '../process/pipeline-guard.ts';
import { refuseUnusable } from '../process/source-file.ts';
import { cliError } from '../wording/cli-error.ts';

const COMMAND = 'op run';

/** Runs `dml op run <file> [pipeline]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { io, args, options, output } = context;
  const [file = '', wanted] = args;
  // @spec DML-CLI-0714
  return await withOps(context, COMMAND, async (repository) => {
    const path = absolutePath(io, file);
    const restoreConsole = consoleToNotes(output);
    const guard = guardPipeline(path);
    try {
      const targets = targetsIn(context);
      refuseUnusable(path);
      const pipeline = await loadOps(path, wanted && nfcText(wanted));
      const start = (progress: OpRunOptions): Promise<OpReport> =>
        repository.ops.run(pipeline, {
          ...progress,
          // @spec DML-CLI-1820
          dryRun: options.dryRun === true,
          // What the file holds is checked with the other targets.
          ...(targets && { targets: targets as readonly never[] }),
        });
      return await carryOutOps(context, COMMAND, start, AbortSignal.any([io.signal, guard.signal]));
    } catch (error) {
      // @spec DML-CLI-1828
      throw guard.signal.aborted ? guard.signal.reason : error;
    } finally {
      guard.release();
      restoreConsole();
    }
  });
}

/**
 * Returns the list in the file that `--targets` names; undefined without the option.
 *
 * @spec DML-CLI-1821
 */
function targetsIn({ io, options }: CommandContext): readonly Target[] | undefined {
  if (options.targets === undefined) return undefined;
  const path = String(options.targets);
  const refuse = (why: string): never => {
    throw cliError('invalid_argument', {
      problem: `--targets takes a JSON file with a list; "${path}" ${why}`,
      command: COMMAND,
    });
  };
  let text = '';
  try {
    text = readFileSync(absolutePath(io, path), 'utf8');
  } catch (error) {
    refuse(`cannot be read (${errnoOf(error)})`);
  }
  try {
    const targets: unknown = JSON.parse(text);
    return Array.isArray(targets) ? targets : refuse('holds no list');
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('is no JSON');
    throw error;
  }
}
