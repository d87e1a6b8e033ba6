import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isRepository, REPOSITORY_MARK, remotesPath } from '@daggerml/repository';
import { headRef, type RefName, remoteRef, type Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { openingOf } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { absolutePath } from '../process/current-folder.ts';
import { fetchLimits } from '../process/fetch-limits.ts';
import { makeFolder } from '../process/make-folder.ts';
import { uriOfPlace } from '../process/named-place.ts';
import { requireAdapter } from '../process/remote-adapters.ts';
import { transferProgress, withFiles } from '../process/remote-session.ts';
import { thenClose } from '../process/then-close.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { fetchFields, noteFetched } from './fetch.ts';

/** Name of the remote in a repository that was cloned from it. */
const ORIGIN = 'origin';

const HAS_REPOSITORY = 'holds a repository';

/** Runs `dml clone <place> [folder]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, output, args, options } = context;
  const [place = '', given] = args;
  const { addRemote, fetch, memoryInFile } = await import('@daggerml/remotes');
  const uri = await uriOfPlace(context, place);
  await requireAdapter(uri, io.env);
  const folder = absolutePath(io, given ?? nameOf(uri));
  const isItself = uri === (await uriOfPlace(context, folder));
  const problem = problemOf(folder, isItself, given !== undefined);
  if (problem !== undefined) throw cliError('path_exists', { path: folder, problem }, undefined, 'clone');
  const limits = fetchLimits(context, 'clone');
  const memory = memoryInFile(join(folder, REPOSITORY_MARK, 'remotes', `${ORIGIN}.json`), uri);
  await withFiles(context, uri, async (remote) => {
    const isNew = !existsSync(folder);
    makeFolder(folder);
    const { createRepository } = await import('@daggerml/repository');
    const store = await createRepository(folder, await openingOf(context));
    if (store === undefined)
      throw cliError('path_exists', { path: folder, problem: HAS_REPOSITORY }, undefined, 'clone');
    let isWhole = false;
    try {
      await thenClose(
        context,
        async () => {
          const fetched = await fetch(untilInterrupted(context, remote), {
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
          const branch = startBranch(context, store);
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

/** Returns why a folder cannot take a clone, undefined where it can. */
function problemOf(folder: string, isRemote: boolean, isNamed: boolean): string | undefined {
  // @spec DML-CLI-2141
  if (isRepository(folder)) return HAS_REPOSITORY;
  // @spec DML-CLI-2142
  if (isRemote) return 'is the remote itself';
  // A folder that is named may hold the code of a project.
  return !isNamed && isFilled(folder) ? 'exists and is not empty' : undefined;
}

function isFilled(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return existsSync(folder);
  }
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
function startBranch({ io, options }: CommandContext, store: Store): string | null {
  const prefix = `refs/remotes/${ORIGIN}/`;
  const branches = store
    .readRefs('remotes')
    .flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
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
