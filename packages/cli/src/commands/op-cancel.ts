import { nfcText } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { withOps } from '../process/ops-session.ts';
import { describeOps, opDocument } from '../render/op-report.ts';

/** Runs `dml op cancel <run>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, output } = context;
  const [which = ''] = args;
  await withOps(context, 'op cancel', async (repository) => {
    // @spec DML-CLI-1822
    const report = await repository.ops.cancel(nfcText(which));
    output.result(opDocument(report), () =>
      report.isActive
        ? `asked the process that carries out ${output.safe(report.name)} to cancel it; its running phases end first`
        : describeOps(report, output),
    );
  });
}
