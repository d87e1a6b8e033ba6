import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findRef } from '../object-name.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';

/** `dml ref <name>`. @spec DML-CLI-0812 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  await withStore(context, 'read', (store) => {
    const ref = findRef(new RecordReader(store), args[0] ?? '');
    output.result({ ref: ref.name, commitId: ref.commitId, sequence: ref.sequence }, () => ref.commitId);
  });
  return EXIT.done;
}
