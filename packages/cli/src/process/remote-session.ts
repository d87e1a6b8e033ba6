import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize, isDmlError } from '@daggerml/object-model';
import type {
  CheckReport,
  ConfiguredRemote,
  Remote,
  RemoteFiles,
  RemotesConfig,
  StateMemory,
} from '@daggerml/remotes';
import { REPOSITORY_MARK, remotesPath } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { admitterFor, repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { liveProgress } from '../render/live-progress.ts';
import { formatCount } from '../render/quantities.ts';
import { actorOf } from './actor.ts';
import { adapterOpener } from './remote-adapters.ts';
import { thenClose } from './then-close.ts';
import type { RemoteVerb } from './unknown-remote.ts';

/** A remote of a repository, opened for one command. */
export interface RemoteSession {
  readonly name: string;
  readonly uri: string;
  readonly remote: Remote;
  readonly memory: StateMemory;
  /** Trust in the outcomes of its cache; all are trusted where it is undefined. */
  readonly trust: ConfiguredRemote['trust'];
  readonly blobLimitBytes: ConfiguredRemote['blobLimitBytes'];
  /** The check that these files have passed; undefined before one. */
  readonly checked: ConfiguredRemote['checked'];
}

/** Name of the remote that is meant where none is named, if it exists or is the only one. */
const DEFAULT_REMOTE = 'origin';

/**
 * Returns a remote of the repository by its name; without one, `origin` or the only remote there is. Throws
 * `remote_unknown`.
 */
async function chosenRemote(
  context: CommandContext,
  name: string | undefined,
  verb: RemoteVerb | undefined,
): Promise<ConfiguredRemote & { readonly name: string }> {
  const { findRemote } = await import('@daggerml/remotes');
  const remotes = await remotesOf(context);
  // @spec DML-CLI-2101
  const [only] = remotes.size === 1 ? remotes.keys() : [];
  const remote = only ?? DEFAULT_REMOTE;
  if (name !== undefined && !remotes.has(name)) {
    const { unknownRemote } = await import('./unknown-remote.ts');
    const uris = new Map([...remotes].map(([each, { uri }]) => [each, uri]));
    throw await unknownRemote(context, { name, uris, remote, verb });
  }
  const chosen = name ?? remote;
  return { name: chosen, ...findRemote(remotes, chosen) };
}

/** Returns the remotes of the repository; throws `repository_untrusted`, since their places get the user's credentials. */
export async function remotesOf(context: Pick<CommandContext, 'io' | 'globals'>): Promise<RemotesConfig> {
  const { readRemotes } = await import('@daggerml/remotes');
  const folder = repositoryFolder(context);
  const { checkOwner } = await admitterFor(context, folder);
  return readRemotes(remotesPath(folder), checkOwner);
}

/** Checks whether the repository has a remote of a name; true also where its remotes cannot be read. */
export async function hasRemote(
  context: Pick<CommandContext, 'io' | 'globals'>,
  name: string,
): Promise<boolean> {
  if (!existsSync(remotesPath(repositoryFolder(context)))) return false;
  // Nearly every repository with remotes has this one, and to read them takes longer than a status.
  if (name === DEFAULT_REMOTE) return true;
  try {
    return (await remotesOf(context)).has(name);
  } catch (error) {
    if (isDmlError(error)) return true;
    throw error;
  }
}

/** Name of a remote as it was given, with the command that takes something else after it, if it does. */
interface GivenRemote {
  readonly name: string | undefined;
  readonly verb: RemoteVerb;
}

/** Opens a remote of the repository for the time of `body`; see {@link chosenRemote}. */
export async function withRemote<T>(
  context: CommandContext,
  given: string | undefined | GivenRemote,
  body: (session: RemoteSession) => Promise<T>,
): Promise<T> {
  const { name, verb } = typeof given === 'object' ? given : { name: given, verb: undefined };
  const { name: chosen, ...configured } = await chosenRemote(context, name, verb);
  const { uri, trust, blobLimitBytes, checked } = configured;
  const { memoryInFile } = await import('@daggerml/remotes');
  const folder = repositoryFolder(context);
  const memory = memoryInFile(memoryPath(folder, chosen), uri);
  return await withFiles(context, uri, (remote) =>
    body({
      name: chosen,
      uri,
      remote,
      memory,
      trust,
      blobLimitBytes,
      checked: checked?.place === remote.files.name ? checked : undefined,
    }),
  );
}

/** Returns the path of the file that remembers the state of a remote. */
export function memoryPath(folder: string, remoteName: string): string {
  return join(folder, REPOSITORY_MARK, 'remotes', `${encodeURIComponent(remoteName)}.json`);
}

/** Opens the remote of a canonical URI for the time of `body`. */
export async function withFiles<T>(
  context: CommandContext,
  uri: string,
  body: (remote: Remote) => Promise<T>,
): Promise<T> {
  const { openFiles, systemRemote, systemSurroundings } = await import('@daggerml/remotes');
  const files: RemoteFiles = await openFiles(uri, systemSurroundings(), adapterOpener(context.io.env));
  return await thenClose(
    context,
    () => body(systemRemote(files, actorOf(context.io.env))),
    () => files.close(),
  );
}

/** Notes what a check has found of a remote of the repository. */
export async function noteChecked(
  context: CommandContext,
  { name, remote }: RemoteSession,
  { verdict }: Pick<CheckReport, 'verdict'>,
): Promise<void> {
  const { setChecked } = await import('@daggerml/remotes');
  const path = remotesPath(repositoryFolder(context));
  const place = remote.files.name;
  const checked = verdict === 'unsafe' ? undefined : { atMs: context.io.nowMs(), place };
  // Whoever holds the write lock changes the file alone.
  await withStore(context, 'write', (_reader, store) =>
    store.transact('remote/check', () => setChecked(path, name, checked)),
  );
}

/** Returns what shows how far a transfer is, on a terminal. */
export function transferProgress(
  context: Pick<CommandContext, 'io' | 'output'>,
  doing: string,
): (done: { readonly objects: number; readonly bytes: number }) => void {
  const show = liveProgress(context);
  return ({ objects, bytes }) =>
    show(() => `${doing}: ${formatCount(objects, 'object')}, ${formatSize(bytes)}`);
}
