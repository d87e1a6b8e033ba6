import { branchOf, findCommit, findHead } from '@daggerml/repository';
import { isAncestor } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { moveRef, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml merge <target> <source>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const [target = '', source = ''] = args;
  await withStore(context, 'write', (reader, store) => {
    const { name: ref, commitId: from } = findHead(reader, target);
    const branch = branchOf(ref);
    const to = findCommit(reader, source);
    const graph = { readCommit: (commitId: typeof from) => reader.read('commit', commitId) };
    // @spec DML-CLI-0911
    if (isAncestor(graph, to, from)) {
      return output.result({ branch, from, to: from, moved: false }, () =>
        from === to
          ? `${output.safe(branch)} is at ${output.shortId(to)} already`
          : `nothing to merge: ${output.safe(branch)} contains ${output.safe(source)} already`,
      );
    }
    // @spec DML-CLI-0906
    if (!isAncestor(graph, from, to)) throw cliError('not_fast_forward', { target: branch, source });
    // @spec DML-CLI-0905
    const update = { ref, expected: from, next: to, actor: actorOf(io.env), reason: `merge ${source}` };
    moveRef(store, update);
    output.result(
      { branch, from, to, moved: true },
      () => `${output.safe(branch)} moved from ${output.shortId(from)} to ${output.shortId(to)}`,
    );
  });
}
