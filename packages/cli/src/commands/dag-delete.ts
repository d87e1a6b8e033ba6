import { branchOf, deleteDag, findOwnDag, typedId } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { changeOf, withStore } from '../invocation/repository-access.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml dag delete <name>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withStore(context, 'write', (reader, store) => {
    // @spec DML-CLI-0916
    const { name: dag } = findOwnDag(reader, args[0] as string);
    const branch = branchOf(store.head());
    const {
      commitId,
      parentCommitId = '',
      dagId,
    } = deleteDag(changeOf(context, store, `delete ${dag}`), dag);
    const word = shellWord(`${typedId(parentCommitId)}:${dag}`);
    const restoringCommand = `dml dag restore ${word}`;
    // @spec DML-CLI-0917
    output.result({ dag, dagId, branch, commitId, parentCommitId, deleted: true, restoringCommand }, () => [
      `deleted the dag ${output.safe(dag)}: ${output.safe(branch)} is at ${output.shortId(commitId)}`,
      `"dml show ${output.safe(word)}" still shows it, "${output.safe(restoringCommand)}" brings it back`,
    ]);
  });
}
