import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isDmlError } from '@daggerml/object-model';
import type { ConfiguredRemote } from '@daggerml/remotes';
import { remotesPath } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { admitterFor, repositoryFolder } from '../invocation/repository-access.ts';
import { shellWord } from '../wording/wording.ts';

/** Name of the remote in a repository that was cloned from it. */
export const ORIGIN = 'origin';

/**
 * Returns the remote of a clone into a folder that has not ended; undefined where there is none, and where the file of
 * remotes cannot be used or trusted, which is told by the commands that need it.
 */
export async function unfinishedClone(
  context: Pick<CommandContext, 'io'>,
  folder: string,
): Promise<ConfiguredRemote | undefined> {
  // Nothing is loaded for what most repositories do not have.
  if (!mayBeUnfinished(remotesPath(folder))) return undefined;
  const { readRemotes } = await import('@daggerml/remotes');
  try {
    const { checkOwner } = await admitterFor(context, folder);
    const remote = readRemotes(remotesPath(folder), checkOwner).get(ORIGIN);
    return remote?.unfinished === true ? remote : undefined;
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}

/** Longest file of remotes that is looked at. */
const MAX_BYTES = 2 ** 20;
const CAREFUL: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Checks whether a file of remotes has the mark of a clone that has not ended. */
function mayBeUnfinished(path: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | CAREFUL);
    const stats = fstatSync(descriptor);
    return (
      stats.isFile() && stats.size <= MAX_BYTES && readFileSync(descriptor, 'utf8').includes('"unfinished"')
    );
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
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
