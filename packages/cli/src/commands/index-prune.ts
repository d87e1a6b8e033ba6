import { actorOf } from '../actor.ts';
import { cliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findIndexRef } from '../object-name.ts';
import { indexNameOf } from '../ref-text.ts';
import { withStore } from '../repository-access.ts';

/** `dml index prune <name>`. @spec DML-CLI-0908 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, io } = context;
  await withStore(context, 'write', (store) => {
    const { name, commitId } = findIndexRef(store, args[0] ?? '');
    const update = { ref: name, expected: commitId, next: null, actor: actorOf(io.env), reason: 'prune' };
    if (!store.updateRef(update).applied) throw cliError('head_moved', { head: indexNameOf(name) });
    output.result({ index: indexNameOf(name), pruned: true }, () => `pruned ${indexNameOf(name)}`);
  });
  return EXIT.done;
}
