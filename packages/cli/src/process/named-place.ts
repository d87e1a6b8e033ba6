import type { Remote } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { absolutePath } from './current-folder.ts';
import { withFiles, withRemote } from './remote-session.ts';

/**
 * Checks whether a text that may name a remote or a place means a place: no name of a remote has a slash or a colon.
 *
 * @spec DML-CLI-2180
 */
export function isPlace(text: string): boolean {
  return /[/:]/.test(text) || text === '.' || text === '..';
}

/** Returns the URI of a folder or bucket that a person has typed; throws `remote_uri_invalid`. */
export async function uriOfPlace({ io }: Pick<CommandContext, 'io'>, text: string): Promise<string> {
  const { canonicalRemoteUri } = await import('@daggerml/remotes');
  return canonicalRemoteUri(text, absolutePath(io, '.'));
}

/** Opens a remote of this repository, or the folder or bucket that a text names, for the time of `body`. */
export async function withPlace<T>(
  context: CommandContext,
  text: string | undefined,
  body: (remote: Remote, uri: string) => Promise<T>,
): Promise<T> {
  if (text === undefined || !isPlace(text))
    return await withRemote(context, text, ({ remote, uri }) => body(remote, uri));
  const uri = await uriOfPlace(context, text);
  return await withFiles(context, uri, (remote) => body(remote, uri));
}
