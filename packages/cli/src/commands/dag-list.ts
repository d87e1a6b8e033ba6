import { currentCommit, dagsOf, RecordReader } from '@daggerml/repository';
import { formatColumns } from '../columns.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { withStore } from '../repository-access.ts';

/** `dml dag list`. @spec DML-CLI-0806 */
export async function run(context: CommandContext): Promise<number> {
  const { output } = context;
  await withStore(context, 'read', (store) => {
    const reader = new RecordReader(store);
    const current = currentCommit(reader);
    const dags = current === undefined ? [] : dagsOf(reader, current.commit);
    output.result(dags, () =>
      formatColumns(dags.map(({ name, dagId }) => [output.shortId(dagId), output.safe(name)])),
    );
    if (dags.length === 0) output.talk('no dags yet; "dml run <file>" makes the first one');
  });
  return EXIT.done;
}
