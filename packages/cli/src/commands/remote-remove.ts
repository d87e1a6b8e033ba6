import { remotesPath } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { memoryPath } from '../process/remote-session.ts';
import { formatCount } from '../render/quantities.ts';

/** Runs `dml remote remove <name>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const [name = ''] = args;
  const { forgetInFile, removeRemote } = await import('@daggerml/remotes');
  const folder = repositoryFolder(context);
  const path = remotesPath(folder);
  // @spec DML-CLI-2104
  const removed = await withStore(context, 'write', (_reader, store) =>
    store.transact('remote/remove', (transaction) => {
      const { uri } = removeRemote(path, name);
      // Whoever adds it again may begin anew there. @spec DML-CLI-3766
      forgetInFile(memoryPath(folder, name));
      const tracking = store
        .readRefs('remotes')
        .filter((ref) => ref.name.startsWith(`refs/remotes/${name}/`));
      for (const { name: ref, commitId } of tracking)
        transaction.updateRef({
          ref,
          expected: commitId,
          next: null,
          actor: actorOf(io.env),
          reason: `remove ${name}`,
        });
      return { uri, trackingRefs: tracking.length };
    }),
  );
  output.result({ remote: name, ...removed }, () => [
    `removed ${output.safe(name)} and its ${formatCount(removed.trackingRefs, 'tracking ref')}; what is in ${output.safe(removed.uri)} stays`,
  ]);
}
