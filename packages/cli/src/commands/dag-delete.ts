import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findOwnDag } from '../object-name.ts';
import { RecordReader } from '../record-reader.ts';
import { withRepository } from '../repository-access.ts';
import { typedId } from '../typed-id.ts';
import { shellWord } from '../wording.ts';

/** `dml dag delete <name>`. @spec DML-CLI-0916 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args } = context;
  await withRepository(context, (repository) => {
    const { name: dag } = findOwnDag(new RecordReader(repository.store), args[0] ?? '');
    const branch = repository.head.name;
    const { commitId, parentCommitId = '', dagId } = repository.deleteDag(dag, { branch });
    const word = shellWord(`${typedId(parentCommitId)}:${dag}`);
    const restoringCommand = `dml dag restore ${word}`;
    // @spec DML-CLI-0917
    output.result({ dag, dagId, branch, commitId, parentCommitId, deleted: true, restoringCommand }, () =>
      [
        `deleted the dag ${output.safe(dag)}: ${output.safe(branch)} is at ${output.shortId(commitId)}`,
        `"dml show ${output.safe(word)}" still shows it, "${output.safe(restoringCommand)}" brings it back`,
      ].join('\n'),
    );
  });
  return EXIT.done;
}
