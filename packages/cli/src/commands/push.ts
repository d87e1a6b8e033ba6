import { type CommitId, formatSize, nfcText } from '@daggerml/object-model';
import type { PushResult, RefPush } from '@daggerml/remotes';
import { branchOf, findCommit, findHead, type RecordReader } from '@daggerml/repository';
import { asRefName, headRef, parseRefName, type RefName, remoteRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { type RemoteSession, transferProgress, withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
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
  await withRemote(context, args[0], (session) =>
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
      report(context, session, { ...pushed, tariff });
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

function report(
  { output, options }: CommandContext,
  { name, uri, remote }: RemoteSession,
  { moves, objects, bytes, cost, tariff }: PushResult & { readonly tariff: Tariff },
): void {
  const isDryRun = options.dryRun === true;
  const value = { remote: name, uri, dryRun: isDryRun, refs: moveFields(moves), objects, sentBytes: bytes };
  // @spec DML-CLI-2111
  output.result({ ...value, ...costField(cost, tariff) }, () => {
    if (moves.length === 0) return `${output.safe(name)} has everything already`;
    return [
      `${isDryRun ? 'would push' : 'pushed'} to ${output.safe(remote.files.name)}`,
      moveLines(output, moves),
      ...costLines(cost, objects, tariff),
    ];
  });
  if (cost === undefined && objects > 0)
    output.note(`${formatCount(objects, 'object')}, ${formatSize(bytes)}`);
}

function misuse(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'push' });
}
