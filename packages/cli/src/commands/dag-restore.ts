import { branchOf, findDagOfCommit, restoreDag } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { changeOf, withStore } from '../invocation/repository-access.ts';

/** Runs `dml dag restore <commit>:<dag>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withStore(context, 'write', (reader, store) => {
    const { commitId: from, dag } = findDagOfCommit(reader, args[0] as string);
    const branch = branchOf(store.head());
    // @spec DML-CLI-0918
    const { commitId, dagId, changed } = restoreDag(changeOf(context, store, `restore ${dag}`), dag, from);
    output.result({ dag, dagId, branch, commitId, sourceCommitId: from, changed }, () =>
      changed
        ? `restored the dag ${output.safe(dag)} of ${output.shortId(from)}: ` +
          `${output.safe(branch)} is at ${output.shortId(commitId)}`
        : `nothing changed: ${output.safe(dag)} is as in ${output.shortId(from)} already`,
    );
  });
}
