import { headRef } from '@daggerml/store';
import { actorOf } from '../actor.ts';
import { cliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findCommit } from '../object-name.ts';
import { RecordReader } from '../record-reader.ts';
import { branchOf } from '../ref-text.ts';
import { withStore } from '../repository-access.ts';
import { shellWord } from '../wording.ts';

/** `dml branch <name> [commit]`. @spec DML-CLI-0901 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, io } = context;
  const name = args[0] ?? '';
  // @spec DML-CLI-0912
  if (name === 'HEAD' || name.startsWith('refs/'))
    throw cliError('invalid_argument', {
      problem: `a branch cannot be named "${name}": HEAD and refs/… name refs already`,
      command: 'branch',
    });
  // @spec DML-CLI-0903
  const ref = headRef(name);
  await withStore(context, 'write', (store) => {
    const commitId = findCommit(new RecordReader(store), args[1] ?? branchOf(store.head()));
    const update = { ref, expected: null, next: commitId, actor: actorOf(io.env), reason: 'branch' };
    // @spec DML-CLI-0902
    if (!store.updateRef(update).applied) throw cliError('branch_exists', { branch: name });
    output.result({ branch: name, commitId }, () => `${output.safe(name)} is at ${output.shortId(commitId)}`);
    output.talk(`"dml switch ${output.safe(shellWord(name))}" makes it the current branch`);
  });
  return EXIT.done;
}
