import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isRepository, REPOSITORY_MARK, remotesPath } from '@daggerml/repository';
import { headRef, type RefName, remoteRef, type Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { openingOf } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { absolutePath } from '../process/current-folder.ts';
import { fetchLimits } from '../process/fetch-limits.ts';
import { makeFolder } from '../process/make-folder.ts';
import { requireAdapter } from '../process/remote-adapters.ts';
import { transferProgress, withFiles } from '../process/remote-session.ts';
import { thenClose } from '../process/then-close.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { fetchFields, noteFetched } from './fetch.ts';

/** Name of the remote in a repository that was cloned from it. */
const ORIGIN = 'origin';

/** Runs `dml clone <place> [folder]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, output, args, options } = context;
  const [place = '', given] = args;
  const { addRemote, canonicalRemoteUri, fetch, memoryInFile } = await import('@daggerml/remotes');
  const uri = canonicalRemoteUri(place, absolutePath(io, '.'));
  await requireAdapter(uri, io.env);
  const folder = absolutePath(io, given ?? nameOf(uri));
  // @spec DML-CLI-2141
  if (isRepository(folder)) throw cliError('path_exists', { path: join(folder, REPOSITORY_MARK) });
  const limits = fetchLimits(context, 'clone');
  const memory = memoryInFile(join(folder, REPOSITORY_MARK, 'remotes', `${ORIGIN}.json`), uri);
  await withFiles(context, uri, async (remote) => {
    const isNew = !existsSync(folder);
    makeFolder(folder);
    const { createRepository } = await import('@daggerml/repository');
    const store = await createRepository(folder, await openingOf(context));
    if (store === undefined) throw cliError('path_exists', { path: join(folder, REPOSITORY_MARK) });
    let isWhole = false;
    try {
      await thenClose(
        context,
        async () => {
          const fetched = await fetch(remote, {
            store,
            remoteName: ORIGIN,
            memory,
            // @spec DML-CLI-1260
            partial: { uri, ...limits },
            acceptExcisions: options.acceptExcisions === true,
            onProgress: transferProgress(context, 'cloning'),
          });
          output.live();
          // @spec DML-CLI-1263
          addRemote(remotesPath(folder), ORIGIN, { uri, blobLimitBytes: limits.blobLimitBytes });
          const branch = startBranch(context, store, Object.keys(fetched.snapshot.state.refs));
          isWhole = true;
          // @spec DML-CLI-2140
          output.result({ repository: folder, remote: ORIGIN, uri, branch, ...fetchFields(fetched) }, () => [
            `cloned ${output.safe(remote.files.name)} into ${output.safe(folder)}`,
            branch === null
              ? 'it has no branch yet'
              : `on branch ${output.style('bold', output.safe(branch))}, one of ${formatCount(fetched.moved.length, 'ref')}`,
          ]);
          noteFetched(output, fetched);
        },
        () => store.close(),
      );
    } finally {
      // @spec DML-REM-0918
      if (!isWhole) {
        rmSync(join(folder, REPOSITORY_MARK), { recursive: true, force: true });
        if (isNew) removeEmpty(folder);
      }
    }
  });
}

/** Removes a folder that a clone made, unless something else is in it by now. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is used.
  }
}

/** Returns the folder that a clone is made in where none is given: the last part of the place. */
function nameOf(uri: string): string {
  const path = uri.replace(/\?.*$/, '');
  return basename(decodeURIComponent(path)).replace(/\.dml$/, '') || 'repository';
}

/** Makes the branch that a clone begins on, the one asked for, `main` or the only one, and returns its name. */
function startBranch({ io, options }: CommandContext, store: Store, refs: readonly string[]): string | null {
  const branches = refs.flatMap((key) => (key.startsWith('heads/') ? [key.slice('heads/'.length)] : []));
  const wanted = options.branch as string | undefined;
  if (wanted !== undefined && !branches.includes(wanted))
    throw cliError('invalid_argument', {
      problem: `the remote has no branch "${wanted}"; it has ${branches.join(', ') || 'none'}`,
      command: 'clone',
    });
  const name = wanted ?? (branches.includes('main') ? 'main' : branches[0]);
  if (name === undefined) return null;
  const ref: RefName = headRef(name);
  const next = store.getRef(remoteRef(ORIGIN, name))?.commitId ?? null;
  const expected = store.getRef(ref)?.commitId ?? null;
  store.updateRef({ ref, expected, next, actor: actorOf(io.env), reason: 'clone' });
  store.setHead(ref);
  return name;
}
