import { branchOf, findDagOfCommit, RecordReader, restoreDag } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { changeOf, withStore } from '../invocation/repository-access.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml dag restore <commit>:<dag>`. @spec DML-CLI-0918 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  const name = args[0] ?? '';
  // A dag without its commit is the one that the branch has.
  if (name.indexOf(':') <= 0) {
    const problem = `"${name}" names no commit: <commit>:<dag> names a dag of an earlier one`;
    throw cliError('invalid_argument', { problem, command: 'dag restore' });
  }
  await withStore(context, 'write', (store) => {
    const { commitId: from, dag } = findDagOfCommit(new RecordReader(store), name);
    const branch = branchOf(store.head());
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
