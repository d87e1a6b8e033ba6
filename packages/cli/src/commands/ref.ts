import { findRef } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';

/** Runs `dml ref [name]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  const [wanted] = args;
  await withStore(context, 'read', (reader, store) => {
    // @spec DML-CLI-0833
    if (wanted === undefined) {
      const refs = store
        .readRefs()
        .map(({ name, commitId, sequence }) => ({ ref: name, commitId, sequence }));
      output.result(refs, () =>
        formatColumns(refs.map(({ ref, commitId }) => [output.shortId(commitId), output.safe(ref)])),
      );
      if (refs.length === 0) output.note('no refs yet; "dml run <file>" makes the first one');
      return;
    }
    const ref = findRef(reader, wanted);
    // @spec DML-CLI-0812
    output.result({ ref: ref.name, commitId: ref.commitId, sequence: ref.sequence }, () => ref.commitId);
  });
}
