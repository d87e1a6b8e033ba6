import { branchOf, findHead } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';

/** Runs `dml switch <head>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withStore(context, 'write', (reader, store) => {
    const head = findHead(reader, args[0] as string);
    // @spec DML-CLI-0904
    store.setHead(head.name);
    const branch = branchOf(head.name);
    output.result(
      { branch, commitId: head.commitId },
      () => `On branch ${output.safe(branch)} at ${output.shortId(head.commitId)}`,
    );
  });
}
