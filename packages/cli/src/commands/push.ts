import { type CommitId, formatSize, nfcText } from '@daggerml/object-model';
import type { PushResult, RefPush } from '@daggerml/remotes';
import {
  branchOf,
  containingHead,
  findCommit,
  findHead,
  type RecordReader,
  typedId,
} from '@daggerml/repository';
import { asRefName, checkNewRefName, headRef, parseRefName, type RefName, remoteRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { type RemoteSession, transferProgress, withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { moveFields, moveLines } from '../render/ref-moves.ts';
import { type Tariff, tariffOf } from '../render/tariff.ts';
import { costField, costLines } from '../render/transfer-cost.ts';
import { cliError } from '../wording/cli-error.ts';
import { fillIn } from '../wording/wording.ts';

/** Runs `dml push [remote] [branch…]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const isDryRun = options.dryRun === true;
  const tariff = tariffOf(options.tariff, 'push');
  const { push } = await import('@daggerml/remotes');
  await withRemote(context, { name: args[0], verb: 'push' }, (session) =>
    withStore(context, isDryRun ? 'read' : 'write', async (reader, store) => {
      const pushes = chosenRefs(context, reader, session.name);
      const pushed = await push(untilInterrupted(context, session.remote), {
        store,
        remoteName: session.name,
        pushes,
        memory: session.memory,
        isDryRun,
        onProgress: transferProgress(context, `pushing to ${session.name}`),
      });
      output.live();
      report(context, session, { ...pushed, pushes, reader, tariff });
    }),
  );
}

/** Returns the refs that a push names: branches, tags and deletions. */
function chosenRefs({ args, options }: CommandContext, reader: RecordReader, remoteName: string): RefPush[] {
  const { store } = reader;
  const named = args.slice(1).filter((name) => name !== undefined);
  const isLeased = options.forceWithLease === true || typeof options.forceWithLease === 'string';
  const leaseOf = (ref: RefName): Pick<RefPush, 'lease'> =>
    isLeased ? { lease: leasedCommit(reader, ref, { remoteName, option: options.forceWithLease }) } : {};
  // @spec DML-CLI-2117
  if (options.delete === true) {
    if (named.length === 0) throw misuse('"--delete" takes the names of the branches to delete there');
    return named.map((name) => {
      const ref = deletedRef(nfcText(name));
      return { ref, commitId: null, ...leaseOf(ref) };
    });
  }
  const refs: { readonly as: RefName; readonly commitId: CommitId }[] = named.map((name) => {
    // @spec DML-CLI-2114
    const { here, there } = namesOf(name, remoteName);
    if (there === undefined) {
      const { name: as, commitId } = findHead(reader, here);
      return { as, commitId };
    }
    // @spec DML-CLI-3768
    return { as: headRef(nfcText(there)), commitId: findCommit(reader, here) };
  });
  // @spec DML-CLI-2115
  if (options.all === true)
    refs.push(...store.readRefs('heads').map(({ name, commitId }) => ({ as: name, commitId })));
  // @spec DML-CLI-2110
  if (refs.length === 0 && options.tags !== true) {
    const name = store.head();
    const commitId = store.getRef(name)?.commitId;
    if (commitId === undefined)
      throw cliError('invalid_argument', {
        problem: `the branch "${branchOf(name)}" has no commit yet, so there is nothing to push`,
        command: 'push',
      });
    refs.push({ as: name, commitId });
  }
  const pushes = new Map<RefName, RefPush>();
  for (const { as, commitId } of refs) pushes.set(as, { ref: as, commitId, ...leaseOf(as) });
  // @spec DML-CLI-2116
  if (options.tags === true)
    for (const { name, commitId } of store.readRefs('tags')) pushes.set(name, { ref: name, commitId });
  return [...pushes.values()];
}

/** Returns the ref that a deletion names: a branch, or any ref in full. */
function deletedRef(name: string): RefName {
  // @spec DML-CLI-3761
  return /^refs\/(?:heads|tags)\/./s.test(name) ? asRefName(name) : headRef(name);
}

/** Splits `<here>:<there>`; throws where a name is missing or there are more. */
function namesOf(
  text: string,
  remoteName: string,
): { readonly here: string; readonly there: string | undefined } {
  const [here = '', there, ...others] = text.split(':');
  // @spec DML-CLI-3762
  if (others.length > 0) throw misuse(`"${text}" has more than one ":"; it is <here>:<there>, two branches`);
  if (there === '') throw misuse(`"${text}" lacks the name of the branch there; it is <here>:<there>`);
  if (here !== '' || there === undefined) return { here, there };
  const command = fillIn('"dml push --delete {remote} {there}"', { remote: remoteName, there });
  throw misuse(`"${text}" lacks the name of the branch here; ${command} deletes a branch there`);
}

/** Returns the commit at which a forced push expects a ref: the one given, else that of the tracking ref. */
function leasedCommit(
  reader: RecordReader,
  ref: RefName,
  { remoteName, option }: { readonly remoteName: string; readonly option: unknown },
): RefPush['lease'] {
  // @spec DML-CLI-2112
  if (typeof option === 'string') return findCommit(reader, option);
  const parts = parseRefName(ref) as { readonly name: string };
  return reader.store.getRef(remoteRef(remoteName, parts.name))?.commitId ?? null;
}

/** A push that is done, and what it was asked for. */
interface DonePush extends PushResult {
  readonly pushes: readonly RefPush[];
  readonly reader: RecordReader;
  readonly tariff: Tariff;
}

function report(
  { output, options }: CommandContext,
  { name, uri, remote }: RemoteSession,
  { pushes, reader, moves, objects, bytes, cost, tariff }: DonePush,
): void {
  const isDryRun = options.dryRun === true;
  // @spec DML-CLI-3771
  const restoring = moves.map((move) => (isDryRun ? undefined : restoringCommand(reader, name, move)));
  const refs = moveFields(moves).map((fields, at) => {
    const command = restoring[at];
    return command === undefined ? fields : { ...fields, restoringCommand: command.text };
  });
  const value = { remote: name, uri, dryRun: isDryRun, refs, objects, sentBytes: bytes };
  // @spec DML-CLI-2111
  output.result({ ...value, ...costField(cost, tariff) }, () => {
    if (moves.length === 0) return nothingText(output.safe(name), pushes);
    return [
      `${isDryRun ? 'would push' : 'pushed'} to ${output.safe(remote.files.name)}`,
      moveLines(output, moves),
      ...restoring.flatMap((command) => (command === undefined ? [] : [restoringText(output, command)])),
      ...costLines(cost, objects, tariff),
    ];
  });
  if (cost === undefined && objects > 0)
    output.note(`${formatCount(objects, 'object')}, ${formatSize(bytes)}`);
  const moved = new Set(moves.map(({ ref }) => ref));
  // @spec DML-CLI-3772
  for (const { ref, commitId } of pushes)
    if (commitId === null && !moved.has(ref))
      output.note(
        `${output.safe(name)} has no ${ref.startsWith('refs/tags/') ? 'tag' : 'branch'} "${output.safe(nameOf(ref))}", so nothing was deleted there`,
      );
}

/** Returns what to say of a push that moved nothing. */
function nothingText(remote: string, pushes: readonly RefPush[]): string {
  if (pushes.length === 0) return 'there are no tags here, so nothing was pushed';
  const isDeletion = pushes.every(({ commitId }) => commitId === null);
  return isDeletion ? `nothing to delete on ${remote}` : `${remote} has everything already`;
}

/** Returns the name of a branch or tag, without its kind. */
function nameOf(ref: RefName): string {
  return (parseRefName(ref) as { readonly name: string }).name;
}

/** Command that brings a branch back; false where only what is not collected yet keeps its commits. */
interface Restoring {
  readonly text: string;
  readonly isKept: boolean;
}

/** Returns the command that makes a branch again which a push has deleted, as far as its commit is here. */
function restoringCommand(
  reader: RecordReader,
  remote: string,
  { ref, before, after }: PushResult['moves'][number],
): Restoring | undefined {
  const isBranch = ref.startsWith('refs/heads/');
  if (before === null || after !== null || !isBranch || !isNewName(ref)) return undefined;
  if (reader.store.getRecord('commit', before) === undefined) return undefined;
  const text = fillIn('"dml push {remote} {source}:{branch}"', {
    remote,
    source: typedId(before),
    branch: nameOf(ref),
  });
  return {
    text: text.slice(1, -1),
    isKept: containingHead(reader, before, remoteRef(remote, nameOf(ref))) !== undefined,
  };
}

function restoringText(output: Output, { text, isKept }: Restoring): string {
  return `"${output.safe(text)}" brings it back${isKept ? '' : ', until "dml gc" deletes its commits here'}`;
}

function isNewName(ref: RefName): boolean {
  try {
    checkNewRefName(ref);
    return true;
  } catch {
    return false;
  }
}

function misuse(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'push' });
}
