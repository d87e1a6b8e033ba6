import type { Remote } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { absolutePath } from './current-folder.ts';
import { remotesOf, withFiles, withRemote } from './remote-session.ts';

/** Opens a remote of this repository, or the folder or bucket that a text names, for the time of `body`. */
export async function withPlace<T>(
  context: CommandContext,
  text: string | undefined,
  body: (remote: Remote, uri: string) => Promise<T>,
): Promise<T> {
  const isRemote = text === undefined || (await remotesOf(context)).has(text);
  if (isRemote) return await withRemote(context, text, ({ remote, uri }) => body(remote, uri));
  const { canonicalRemoteUri } = await import('@daggerml/remotes');
  const uri = canonicalRemoteUri(text, absolutePath(context.io, '.'));
  return await withFiles(context, uri, (remote) => body(remote, uri));
}
