import { headRef } from '@daggerml/store';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findRef } from '../object-name.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';

/** `dml switch <head>`. @spec DML-CLI-0904 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  const name = args[0] ?? '';
  await withStore(context, 'write', (store) => {
    const { commitId } = findRef(new RecordReader(store), headRef(name));
    store.setHead(headRef(name));
    output.result({ branch: name, commitId }, () => `On branch ${output.safe(name)} at ${output.shortId(commitId)}`);
  });
  return EXIT.done;
}
