import { indexNameOf } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';
import { formatAge } from '../render/quantities.ts';

/** Runs `dml wip list`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, io } = context;
  await withStore(context, 'read', (reader, store) => {
    // @spec DML-CLI-0907
    const indexes = store.readRefs('index').map(({ name, commitId }) => {
      const { committedMs, message } = reader.read('commit', commitId);
      return { index: indexNameOf(name), commitId, committedMs, message };
    });
    output.result(indexes, () =>
      formatColumns(
        indexes.map((index) => [
          index.index,
          output.shortId(index.commitId),
          formatAge(index.committedMs, io.nowMs()),
          output.safe(index.message),
        ]),
      ),
    );
    if (indexes.length === 0) output.note('no work in progress');
  });
}
