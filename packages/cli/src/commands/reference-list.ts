import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';
import { formatTime } from '../render/quantities.ts';
import { referenceFields } from '../render/references.ts';

/** Runs `dml reference list`. */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  await withStore(context, 'read', (reader, store) => {
    const all = store.readReferences().map((each) => referenceFields(reader, each));
    // @spec DML-CLI-1289
    output.result(all, () =>
      formatColumns(
        all.flatMap(({ reference, published, domain, commitId, takenMs, onward }) => [
          [
            output.style('bold', output.safe(reference)),
            commitId === null ? 'ended' : output.shortId(commitId),
            output.safe(published),
            formatTime(takenMs),
            output.safe(domain),
          ],
          ...onward.map((each) => [
            `  ${output.safe(each.reference)}`,
            each.commitId === null ? 'ended' : output.shortId(each.commitId),
            output.safe(each.published),
            formatTime(each.takenMs),
            output.safe(each.domain),
          ]),
        ]),
      ),
    );
    if (all.length === 0) output.note('no references; "dml reference add" makes one');
  });
}
