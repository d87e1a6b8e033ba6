import { branchOf, findHead, RecordReader } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';

/** Runs `dml switch <head>`. */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  await withStore(context, 'write', (store) => {
    const head = findHead(new RecordReader(store), args[0] as string);
    // @spec DML-CLI-0904
    store.setHead(head.name);
    const branch = branchOf(head.name);
    output.result(
      { branch, commitId: head.commitId },
      () => `On branch ${output.safe(branch)} at ${output.shortId(head.commitId)}`,
    );
  });
  return EXIT.done;
}
