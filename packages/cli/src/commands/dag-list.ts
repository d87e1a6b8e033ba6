import { currentCommit, dagsOf } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';
import { dagFields } from '../render/dag-fields.ts';

/** Runs `dml dag list`. @spec DML-CLI-0806 */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  await withStore(context, 'read', (reader) => {
    const current = currentCommit(reader);
    const dags = current === undefined ? [] : dagFields(dagsOf(reader, current.commit));
    output.result(dags, () =>
      formatColumns(dags.map(({ dag, dagId }) => [output.shortId(dagId), output.safe(dag)])),
    );
    if (dags.length === 0) output.note('no dags yet; "dml run <file>" makes the first one');
  });
}
