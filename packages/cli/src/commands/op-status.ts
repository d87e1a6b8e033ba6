import { Repository } from '@daggerml/bindings';
import { nfcText } from '@daggerml/object-model';
import { userContext } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder } from '../invocation/repository-access.ts';
import { thenClose } from '../process/then-close.ts';
import { waitsOf } from '../process/waits.ts';
import { describeOps, opDocument, printOps } from '../render/op-report.ts';

/** Runs `dml op status [run]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, args, output } = context;
  const [which] = args;
  const repository = await Repository.open(repositoryFolder(context), {
    readOnly: true,
    user: userContext(io.env),
    signal: io.signal,
    ...waitsOf(context),
  });
  await thenClose(
    context,
    async () => {
      // @spec DML-CLI-1824
      if (which !== undefined) return printOps(await repository.ops.status(nfcText(which)), output);
      const reports = await repository.ops.unfinished();
      // @spec DML-CLI-1825
      output.result(reports.map(opDocument), () => reports.flatMap((report) => describeOps(report, output)));
      if (reports.length === 0) output.note('no run of ops is unfinished');
    },
    () => repository.close(),
  );
}
