import { branchOf, findDagOfCommit, RecordReader, restoreDag } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { changeOf, withStore } from '../invocation/repository-access.ts';

/** Runs `dml dag restore <commit>:<dag>`. */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  await withStore(context, 'write', (store) => {
    const { commitId: from, dag } = findDagOfCommit(new RecordReader(store), args[0] as string);
    const branch = branchOf(store.head());
    // @spec DML-CLI-0918
    const { commitId, dagId, changed } = restoreDag(changeOf(context, store, `restore ${dag}`), dag, from);
    output.result({ dag, dagId, branch, commitId, from, changed }, () =>
      changed
        ? `restored the dag ${output.safe(dag)} of ${output.shortId(from)}: ` +
          `${output.safe(branch)} is at ${output.shortId(commitId)}`
        : `nothing changed: ${output.safe(dag)} is as in ${output.shortId(from)} already`,
    );
  });
  return EXIT.done;
}
