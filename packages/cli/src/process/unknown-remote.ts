import { statSync } from 'node:fs';
import { remoteError } from '@daggerml/remotes';
import { headRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { absolutePath } from './current-folder.ts';
import { isPlace, uriOfPlace } from './named-place.ts';

/** Commands that take something else after the name of a remote. */
export type RemoteVerb = 'push' | 'pull' | 'fetch' | 'run';

/** Text that was given where the name of a remote belongs. */
export interface MistakenRemote {
  readonly name: string;
  /** URIs of the remotes by their names. */
  readonly uris: ReadonlyMap<string, string>;
  /** Name of a remote for the command that is proposed. */
  readonly remote: string;
  readonly verb: RemoteVerb | undefined;
}

/**
 * Returns the error `remote_unknown` of a text that names something else, with the detail of what it is.
 *
 * @spec DML-CLI-3770
 */
export async function unknownRemote(context: CommandContext, mistaken: MistakenRemote): Promise<Error> {
  const { name, uris, remote, verb } = mistaken;
  const { detail, known } = await meaningOf(context, mistaken);
  return remoteError('remote_unknown', {
    name,
    names: [...uris.keys()].join(', ') || 'none',
    remote,
    ...(verb !== undefined && { verb }),
    ...(known !== undefined && { known }),
    ...(detail !== undefined && { detail }),
  });
}

interface Meaning {
  readonly detail?: string;
  /** Name of the remote whose place it is. */
  readonly known?: string | undefined;
}

async function meaningOf(context: CommandContext, { name, uris, verb }: MistakenRemote): Promise<Meaning> {
  if (verb === 'run')
    return /\.[cm]?[jt]sx?$/.test(name) ? { detail: 'pipeline' } : placeOf(context, name, uris);
  if (verb !== undefined && (await isBranch(context, name)))
    return { detail: verb === 'fetch' ? 'fetched_branch' : 'branch' };
  if (verb !== undefined && isFile(absolutePath(context.io, name))) return { detail: 'bundle' };
  return placeOf(context, name, uris);
}

async function placeOf(
  context: CommandContext,
  name: string,
  uris: MistakenRemote['uris'],
): Promise<Meaning> {
  if (!isPlace(name)) return {};
  const uri = await uriOfPlace(context, name).catch(() => undefined);
  const [known] = [...uris].find(([, each]) => each === uri) ?? [];
  return known === undefined ? { detail: 'place' } : { detail: 'known', known };
}

async function isBranch(context: CommandContext, name: string): Promise<boolean> {
  try {
    const ref = headRef(name);
    return await withStore(context, 'read', async ({ store }) => store.getRef(ref) !== undefined);
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
