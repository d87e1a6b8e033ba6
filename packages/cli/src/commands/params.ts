import { type LoadedPipeline, listParameters, loadPipeline } from '@daggerml/bindings';
import { nfcText } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { consoleToNotes } from '../process/console.ts';
import { absolutePath } from '../process/current-folder.ts';
import { guardPipeline } from '../process/pipeline-guard.ts';
import { refuseUnusable } from '../process/source-file.ts';
import { formatColumns } from '../render/columns.ts';

/** Runs `dml params <file> [pipeline]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  const { name, pipeline } = await load(context);
  const parameters = listParameters(pipeline);
  // @spec DML-CLI-1762
  output.result({ pipeline: name, parameters }, () =>
    formatColumns(
      parameters.map((each) => [
        output.style('bold', output.safe(each.name)),
        each.isRequired ? 'required' : output.safe(JSON.stringify(each.default) ?? 'absent'),
        output.safe(each.type),
        output.safe(each.description ?? ''),
      ]),
    ),
  );
  if (parameters.length === 0) output.note(`the pipeline ${output.safe(name)} has no parameters`);
}

async function load({ io, args, output }: CommandContext): Promise<LoadedPipeline> {
  const [file = '', wanted] = args;
  const path = absolutePath(io, file);
  absolutePath(io, '.');
  const restoreConsole = consoleToNotes(output);
  const guard = guardPipeline(path);
  try {
    refuseUnusable(path);
    return await Promise.race([loadPipeline(path, wanted && nfcText(wanted)), rejectionOf(guard.signal)]);
  } finally {
    guard.release();
    restoreConsole();
  }
}

/** Rejects with the reason of a signal when it is aborted. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  return aborted;
}
