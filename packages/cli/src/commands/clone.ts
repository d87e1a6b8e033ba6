import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDmlError } from '@daggerml/object-model';
import type { ConfiguredRemote, FetchFilter, Remote } from '@daggerml/remotes';
import {
  assertUsable,
  hasStoreFiles,
  isRepository,
  REPOSITORY_MARK,
  remotesPath,
  standsAt,
} from '@daggerml/repository';
import { headRef, type RefName, remoteRef, type Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { openingOf } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { refusingPublications } from '../process/branches-there.ts';
import { absolutePath } from '../process/current-folder.ts';
import { fetchLimits } from '../process/fetch-limits.ts';
import { makeFolder } from '../process/make-folder.ts';
import { uriOfPlace } from '../process/named-place.ts';
import { requireAdapter } from '../process/remote-adapters.ts';
import { memoryPath, transferProgress, withFiles } from '../process/remote-session.ts';
import { thenClose } from '../process/then-close.ts';
import { ORIGIN, unfinishedClone } from '../process/unfinished-clone.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { withNextStep } from '../wording/next-step.ts';
import { shellWord } from '../wording/wording.ts';
import { fetchFields, noteFetched } from './fetch.ts';

const HAS_REPOSITORY = 'holds a repository';

/** Runs `dml clone <place> [folder]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, args } = context;
  const [place = '', given] = args;
  const uri = await uriOfPlace(context, place);
  await requireAdapter(uri, io.env);
  const folder = absolutePath(io, given ?? nameOf(uri));
  const isItself = uri === (await uriOfPlace(context, folder));
  const earlier = await unfinishedClone(context, folder);
  const problem = problemOf({ folder, uri, earlier, isItself, isNamed: given !== undefined });
  if (problem !== undefined) throw refusal(folder, problem);
  const limits = fetchLimits(context, 'clone');
  const blobLimitBytes = limits.blobLimitBytes ?? earlier?.blobLimitBytes;
  await withFiles(context, uri, (remote) =>
    cloneInto(context, { remote, uri, place, folder, limits: { ...limits, blobLimitBytes }, earlier }),
  );
}

interface Cloning {
  readonly remote: Remote;
  readonly uri: string;
  /** The place as it was typed. */
  readonly place: string;
  readonly folder: string;
  readonly limits: FetchFilter;
  /** The remote where an earlier clone of it has not ended. */
  readonly earlier: ConfiguredRemote | undefined;
}

async function cloneInto(context: CommandContext, cloning: Cloning): Promise<void> {
  const { folder, earlier } = cloning;
  const isNew = !existsSync(folder);
  const hadMark = standsAt(join(folder, REPOSITORY_MARK));
  makeFolder(folder);
  const store = await openedStore(context, cloning).catch((error: unknown) => {
    // Another process may have made a repository there by now.
    if (!hadMark && !isRepository(folder)) removeClone(folder, isNew);
    throw error;
  });
  let isKept = earlier !== undefined;
  try {
    await thenClose(
      context,
      async () => {
        try {
          await fillStore(context, cloning, store);
          isKept = true;
        } catch (error) {
          // What the remote offers is refused, and another try would be. @spec DML-CLI-3825
          const isRefused = isDmlError(error) && error.code === 'transfer_invalid';
          isKept ||= !isRefused && hasArrived(store);
          throw isKept && !isRefused ? withNextStep(error, GOES_ON) : error;
        }
      },
      () => store.close(),
    );
  } finally {
    // @spec DML-REM-0918
    if (!isKept) removeClone(folder, isNew);
  }
}

/** Removes what a clone has made, and the folder if it is new. */
function removeClone(folder: string, isNew: boolean): void {
  rmSync(join(folder, REPOSITORY_MARK), { recursive: true, force: true });
  if (isNew) removeEmpty(folder);
}

/** Checks whether a clone has brought anything; also where its store is of no use any more. */
function hasArrived(store: Store): boolean {
  try {
    return store.hasObjects();
  } catch (error) {
    if (isDmlError(error)) return true;
    throw error;
  }
}

const GOES_ON = 'what has arrived is kept, and the same command goes on from there';

/** Creates the repository of a clone, or opens that of an earlier one. */
async function openedStore(
  context: CommandContext,
  { folder, uri, limits, earlier }: Cloning,
): Promise<Store> {
  const { createRepository, makeRepositoryFolder, openRepository } = await import('@daggerml/repository');
  const opening = await openingOf(context);
  if (earlier !== undefined)
    return (await createRepository(folder, opening)) ?? (await openRepository(folder, 'write', opening));
  const { addRemote, removeRemote } = await import('@daggerml/remotes');
  if (!hasStoreFiles(folder)) assertUsable(folder);
  makeRepositoryFolder(folder, opening);
  // Before there is a store, so that whoever finds one knows what it is. @spec DML-REM-1952
  addRemote(remotesPath(folder), ORIGIN, { uri, blobLimitBytes: limits.blobLimitBytes, unfinished: true });
  const store = await createRepository(folder, opening);
  if (store !== undefined) return store;
  removeRemote(remotesPath(folder), ORIGIN);
  throw refusal(folder, HAS_REPOSITORY);
}

async function fillStore(context: CommandContext, cloning: Cloning, store: Store): Promise<void> {
  const { output, options } = context;
  const { remote, uri, place, folder, limits } = cloning;
  const { fetch, finishClone, memoryInFile } = await import('@daggerml/remotes');
  const refusePublications = await refusingPublications(remote.files, place);
  const wanted = options.branch as string | undefined;
  let branches: readonly string[] = [];
  const fetched = await fetch(untilInterrupted(context, remote), {
    store,
    remoteName: ORIGIN,
    memory: memoryInFile(memoryPath(folder, ORIGIN), uri),
    // @spec DML-CLI-1260
    partial: { uri, ...limits },
    acceptExcisions: options.acceptExcisions === true,
    onOffer: (offer) => {
      refusePublications(offer);
      branches = offer.branches;
      // @spec DML-CLI-3826
      if (wanted !== undefined && !branches.includes(wanted)) throw noBranch(wanted, branches);
    },
    onProgress: transferProgress(context, 'cloning'),
  });
  output.live();
  const branch = wanted ?? (branches.includes(FIRST_BRANCH) ? FIRST_BRANCH : branches.toSorted()[0]);
  if (branch !== undefined) startBranch(context, store, branch);
  // @spec DML-CLI-1263
  store.transact('clone/finish', () => finishClone(remotesPath(folder), ORIGIN, limits.blobLimitBytes));
  // @spec DML-CLI-2140
  output.result(
    { repository: folder, remote: ORIGIN, uri, branch: branch ?? null, ...fetchFields(fetched) },
    () => [
      `cloned ${output.safe(remote.files.name)} into ${output.safe(folder)}`,
      branch === undefined
        ? 'it has no branch yet'
        : `on branch ${output.style('bold', output.safe(branch))}, one of ${formatCount(fetched.moved.length, 'ref')}`,
    ],
  );
  noteFetched(output, ORIGIN, fetched);
  if (branch !== undefined && branch !== FIRST_BRANCH && wanted === undefined)
    noteChosen(output, branch, branches);
}

/** Branch that a clone begins on where the remote has it. */
const FIRST_BRANCH = 'main';

/** Names of branches that are printed. */
const MAX_NAMED = 10;

function noBranch(wanted: string, branches: readonly string[]): Error {
  const named = branches.toSorted().slice(0, MAX_NAMED).join(', ') || 'none';
  const more = branches.length > MAX_NAMED ? ` and ${branches.length - MAX_NAMED} more` : '';
  return cliError('invalid_argument', {
    problem: `the remote has no branch "${wanted}"; it has ${named}${more}; nothing was cloned`,
    command: 'clone',
  });
}

/** Notes which branch a clone begins on where the remote has no `main`, and how another one is chosen. @spec DML-CLI-3827 */
function noteChosen(output: Output, branch: string, branches: readonly string[]): void {
  const other = branches.toSorted().find((name) => name !== branch);
  if (other === undefined) return;
  const word = output.safe(shellWord(other));
  output.note(
    `there is no branch "${FIRST_BRANCH}" there, so "${output.safe(branch)}" is current, the first of ${branches.length} by name; for another one: dml branch ${word} ${ORIGIN}/${word} && dml switch ${word}`,
  );
}

function refusal(folder: string, problem: string): Error {
  return cliError('path_exists', { path: folder, problem }, undefined, 'clone');
}

interface Target extends Pick<Cloning, 'folder' | 'uri' | 'earlier'> {
  /** True for the folder of the remote. */
  readonly isItself: boolean;
  readonly isNamed: boolean;
}

/** Returns why a folder cannot take a clone, undefined where it can. */
function problemOf({ folder, uri, earlier, isItself, isNamed }: Target): string | undefined {
  // @spec DML-CLI-3824
  if (earlier !== undefined)
    // @spec DML-CLI-3832
    return earlier.uri === uri ? undefined : `holds a clone of ${earlier.uri} that has not ended`;
  // @spec DML-CLI-2141
  if (isRepository(folder)) return HAS_REPOSITORY;
  // @spec DML-CLI-2142
  if (isItself) return 'is the remote itself';
  // A folder that is named may hold the code of a project.
  return !isNamed && isFilled(folder) ? 'exists and is not empty' : undefined;
}

function isFilled(folder: string): boolean {
  try {
    // A clone that was killed at once has left nothing else.
    return readdirSync(folder).some((name) => name !== REPOSITORY_MARK);
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

/** Makes the branch that a clone begins on; one that is there since an earlier clone stays as it is. */
function startBranch({ io }: CommandContext, store: Store, name: string): void {
  const ref: RefName = headRef(name);
  const next = store.getRef(remoteRef(ORIGIN, name))?.commitId ?? null;
  if (store.getRef(ref) === undefined)
    store.updateRef({ ref, expected: null, next, actor: actorOf(io.env), reason: 'clone' });
  store.setHead(ref);
}
