import { fastForwardHead } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';

/** Runs `dml merge <target> <source>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const [target = '', source = ''] = args;
  await withStore(context, 'write', (_reader, store) => {
    const actor = actorOf(io.env);
    const given = { store, head: target, source, actor, reason: `merge ${source}` };
    // @spec DML-CLI-0906
    const { head: branch, from, commitId: to, sourceId, moved } = fastForwardHead(given);
    output.result({ branch, fromCommitId: from, commitId: to, moved }, () => {
      // @spec DML-CLI-0905
      if (moved) return `${output.safe(branch)} moved from ${output.shortId(from)} to ${output.shortId(to)}`;
      // @spec DML-CLI-0911
      return sourceId === to
        ? `${output.safe(branch)} is at ${output.shortId(to)} already`
        : `nothing to merge: ${output.safe(branch)} contains ${output.safe(source)} already`;
    });
  });
}
