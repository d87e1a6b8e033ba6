import { currentCommit, dagsOf } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';

/** Runs `dml dag list`. @spec DML-CLI-0806 */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  await withStore(context, 'read', (reader) => {
    const current = currentCommit(reader);
    const dags = current === undefined ? [] : dagsOf(reader, current.commit);
    output.result(dags, () =>
      formatColumns(dags.map(({ name, dagId }) => [output.shortId(dagId), output.safe(name)])),
    );
    if (dags.length === 0) output.note('no dags yet; "dml run <file>" makes the first one');
  });
}
