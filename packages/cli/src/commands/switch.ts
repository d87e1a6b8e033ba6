import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findHead } from '../object-name.ts';
import { RecordReader } from '../record-reader.ts';
import { branchOf } from '../ref-text.ts';
import { withStore } from '../repository-access.ts';

/** `dml switch <head>`. @spec DML-CLI-0904 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  await withStore(context, 'write', (store) => {
    const head = findHead(new RecordReader(store), args[0] ?? '');
    store.setHead(head.name);
    const branch = branchOf(head.name);
    output.result(
      { branch, commitId: head.commitId },
      () => `On branch ${output.safe(branch)} at ${output.shortId(head.commitId)}`,
    );
  });
  return EXIT.done;
}
