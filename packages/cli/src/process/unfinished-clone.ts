import { join } from 'node:path';
import type { ConfiguredRemote } from '@daggerml/remotes';
import { REPOSITORY_MARK, remotesPath, standsAt } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { admitterFor, repositoryFolder } from '../invocation/repository-access.ts';
import { shellWord } from '../wording/wording.ts';

/** Name of the remote in a repository that was cloned from it. */
export const ORIGIN = 'origin';

/**
 * Returns the remote of a clone into a folder that has not ended; undefined where there is none. Throws
 * `repository_untrusted` and `remotes_unusable`.
 */
export async function unfinishedClone(
  context: Pick<CommandContext, 'io'>,
  folder: string,
): Promise<ConfiguredRemote | undefined> {
  // Nothing is loaded for what most repositories do not have.
  if (!standsAt(join(folder, REPOSITORY_MARK)) || !standsAt(remotesPath(folder))) return undefined;
  const { readRemotes } = await import('@daggerml/remotes');
  const { checkOwner } = await admitterFor(context, folder);
  const remote = readRemotes(remotesPath(folder), checkOwner).get(ORIGIN);
  return remote?.unfinished === true ? remote : undefined;
}

/** Notes that the clone of the current repository has not ended, and what goes on with it. @spec DML-CLI-3829 */
export async function noteUnfinished(context: CommandContext): Promise<void> {
  const { output } = context;
  const folder = repositoryFolder(context);
  const remote = await unfinishedClone(context, folder);
  if (remote === undefined) return;
  const command = `dml clone ${shellWord(remote.uri)} ${shellWord(folder)}`;
  output.note(`the clone of this repository has not ended: "${output.safe(command)}" goes on with it`);
}
