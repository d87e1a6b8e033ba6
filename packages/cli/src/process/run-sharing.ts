import type { RepositoryOptions } from '@daggerml/bindings';
import { remoteSharing } from '@daggerml/execution';
import type { CommandContext } from '../invocation/command.ts';
import { actorOf } from './actor.ts';
import { withRemote } from './remote-session.ts';

/**
 * Opens what is shared over a remote for the time of `body`.
 *
 * @spec DML-REM-1230
 */
export async function withSharing<Result>(
  context: CommandContext,
  name: string,
  body: (sharing: RepositoryOptions['sharing']) => Promise<Result>,
): Promise<Result> {
  const { io, options } = context;
  return await withRemote(context, name, async ({ remote }) =>
    body(
      await remoteSharing(remote, {
        owner: actorOf(io.env),
        // A dry run writes nothing anywhere. @spec DML-REM-1231
        isWritable: options.publish !== false && options.dryRun !== true,
      }),
    ),
  );
}
