import { nfcText } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import type { ExitCode } from '../invocation/exit-code.ts';
import { carryOutOps, withOps } from '../process/ops-session.ts';

const COMMAND = 'op resume';

/** Runs `dml op resume <run>`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const [which = ''] = context.args;
  // @spec DML-CLI-0715
  return await withOps(context, COMMAND, (repository) =>
    carryOutOps(context, COMMAND, (progress) => repository.ops.resume(nfcText(which), progress)),
  );
}
