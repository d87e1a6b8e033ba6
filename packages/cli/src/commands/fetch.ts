import { type CommitId, formatSize } from '@daggerml/object-model';
import type { FetchCounts, FetchFilter, FetchOptions, FetchResult } from '@daggerml/remotes';
import { remotesPath } from '@daggerml/repository';
import { parseRefName, type Ref, type RefName, type Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { refusingPublications } from '../process/branches-there.ts';
import { fetchLimits } from '../process/fetch-limits.ts';
import { type RemoteSession, remotesOf, transferProgress, withRemote } from '../process/remote-session.ts';
import { noteUnfinished } from '../process/unfinished-clone.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import type { Output } from '../render/output.ts';
import { formatCount, formatTime } from '../render/quantities.ts';
import { moveFields, moveLines, refText } from '../render/ref-moves.ts';
import { fillIn } from '../wording/wording.ts';

/** Runs `dml fetch [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const { fetch } = await import('@daggerml/remotes');
  await withRemote(context, { name: args[0], verb: 'fetch' }, (session) =>
    withStore(context, 'write', async (_reader, store) => {
      const { name, uri, memory } = session;
      const remote = untilInterrupted(context, session.remote);
      const fetched = await fetch(remote, {
        store,
        remoteName: name,
        memory,
        partial: partialOf(session, fetchLimits(context, 'fetch')),
        // @spec DML-CLI-2122
        prune: options.prune === true,
        // @spec DML-CLI-2123
        acceptExcisions: options.acceptExcisions === true,
        onOffer: await refusingPublications(remote.files, name),
        onProgress: transferProgress(context, `fetching from ${name}`),
      });
      const brought = await bringLeftOut(context, store, { ...session, remote });
      output.live();
      const counts = sumOf(fetched.counts, brought);
      const result = { ...fetched, counts };
      // @spec DML-CLI-2120
      output.result({ remote: name, uri, ...fetchFields(result) }, () =>
        fetched.moved.length === 0
          ? brought.objects === 0
            ? `${output.safe(name)} has nothing new`
            : `${formatCount(brought.objects, 'object')} of ${output.safe(name)} that had been left out`
          : [`from ${output.safe(remote.files.name)}`, moveLines(output, fetched.moved)],
      );
      noteFetched(output, name, result);
      await noteUnfinished(context);
    }),
  );
}

/** Returns what a fetch from a remote leaves out: what its options say, else what the clone has left out. */
export function partialOf(
  { uri, blobLimitBytes }: RemoteSession,
  limits: FetchFilter = {},
): NonNullable<FetchOptions['partial']> {
  return { uri, depth: limits.depth, blobLimitBytes: limits.blobLimitBytes ?? blobLimitBytes };
}

/** Brings what the options ask for of what was left out before. */
async function bringLeftOut(
  context: CommandContext,
  store: Store,
  session: RemoteSession,
): Promise<FetchCounts> {
  const { options } = context;
  const { LeftOutObjects, leftOutDomain, setBlobLimit } = await import('@daggerml/remotes');
  const { name, uri, remote } = session;
  const others = new Set([...(await remotesOf(context)).values()].map((other) => leftOutDomain(other.uri)));
  others.delete(leftOutDomain(uri));
  const objects = new LeftOutObjects(remote, {
    store,
    // What a remote of another name has is left to it.
    isWanted: (domain) => !others.has(domain),
    blobLimitBytes: options.missing === true ? undefined : partialOf(session).blobLimitBytes,
    onProgress: transferProgress(context, `bringing what was left out from ${name}`),
  });
  const { depth } = fetchLimits(context, 'fetch');
  // @spec DML-CLI-1264
  if (depth !== undefined) await objects.deepen(tipsOf(store, name), depth);
  // @spec DML-CLI-1265
  if (options.unshallow === true) await objects.unshallow();
  if (options.missing === true) {
    // @spec DML-CLI-1266
    await objects.bringAll();
    setBlobLimit(remotesPath(repositoryFolder(context)), name, undefined);
  }
  return objects.counts;
}

/** Returns the commits of the tags and of the branches of a remote, as they are known here. */
function tipsOf(store: Store, remoteName: string): CommitId[] {
  const isOf = ({ name }: Ref): boolean => {
    const parts = parseRefName(name);
    return parts.kind === 'tags' || (parts.kind === 'remotes' && parts.remote === remoteName);
  };
  return store
    .readRefs()
    .filter(isOf)
    .map(({ commitId }) => commitId);
}

function sumOf(left: Readonly<FetchCounts>, right: Readonly<FetchCounts>): FetchCounts {
  return {
    requests: left.requests + right.requests,
    bytes: left.bytes + right.bytes,
    objects: left.objects + right.objects,
  };
}

/** Returns the fields of a result that say what a fetch brought. */
export function fetchFields({ moved, wentBackFrom, ...fetched }: FetchResult): object {
  const { keptTags, skippedRefs, counts, tombstones, stubs, leftOut } = fetched;
  return {
    refs: moveFields(moved),
    keptTags: keptTags.map((ref) => ref),
    skippedRefs,
    wentBackFrom: wentBackFrom ? { sequence: wentBackFrom.sequence, timeMs: wentBackFrom.timeMs } : null,
    requests: counts.requests,
    receivedBytes: counts.bytes,
    tombstones,
    withheld: stubs,
    leftOut,
  };
}

/** Prints what a fetch from a remote found that people should know. */
export function noteFetched(output: Output, remote: string, fetched: FetchResult): void {
  const { keptTags, skippedRefs, counts, tombstones, stubs, leftOut } = fetched;
  if (counts.bytes > 0)
    output.note(`${formatSize(counts.bytes)} in ${formatCount(counts.requests, 'request')}`);
  // @spec DML-CLI-2121
  for (const ref of keptTags)
    output.note(`${output.safe(refText(ref))} is another commit there; the one here is kept`);
  noteWentBack(output, remote, fetched);
  noteSkipped(output, remote, skippedRefs);
  if (tombstones > 0) output.note(`${formatCount(tombstones, 'object')} excised there and here now`);
  if (stubs > 0) output.note(`${formatCount(stubs, 'object')} withheld by the remote`);
  // @spec DML-CLI-1267
  if (leftOut > 0)
    output.note(
      `${formatCount(leftOut, 'object')} left out, read on demand; "dml fetch --missing" brings all`,
    );
}

/** Refs that are listed one by one; the rest is counted. */
const MAX_LISTED = 10;

/** Warns of a remote that has lost what was seen there, and says how each branch gets it back. @spec DML-CLI-3767 */
function noteWentBack(
  output: Output,
  remote: string,
  { wentBackFrom: seen, snapshot, moved }: FetchResult,
): void {
  if (seen === undefined) return;
  const { sequence, timeMs } = snapshot.state;
  const was = `state ${seen.sequence} of ${formatTime(seen.timeMs)}`;
  const is = `state ${sequence} of ${formatTime(timeMs)}`;
  output.note(
    `warning: ${output.safe(remote)} went back: ${was}, which was seen there before, is not in its journal; it is at ${is}, and an older copy may have taken its place`,
  );
  const lost = moved.filter(({ ref, kind }) => kind === 'forced' && ref.startsWith('refs/remotes/'));
  for (const { ref, before } of lost.slice(0, MAX_LISTED)) {
    const branch = ref.slice(`refs/remotes/${remote}/`.length);
    const command = '"dml push {remote} {commitId}:{branch}"';
    const text = `${command} sends what is not in "{branch}" there any more`;
    output.note(output.safe(fillIn(text, { remote, branch, commitId: before?.slice(0, 12) })));
  }
}

/** Names the refs that were left out for their names, and how each is deleted. @spec DML-CLI-3760 */
function noteSkipped(output: Output, remote: string, skipped: FetchResult['skippedRefs']): void {
  for (const { ref } of skipped.slice(0, MAX_LISTED)) {
    const fields = { remote, ref: refText(ref), name: deletableName(ref) };
    const kind = ref.startsWith('refs/tags/') ? 'tag' : 'branch';
    const text = `warning: left out the ${kind} "{ref}" of {remote}, since no ${kind} may have that name here; "dml push --delete {remote} {name}" deletes it there`;
    output.note(output.safe(fillIn(text, fields)));
  }
  const others = skipped.length - MAX_LISTED;
  if (others > 0) output.note(`warning: left out ${formatCount(others, 'more ref')} for such names`);
}

/** Returns the name by which `dml push --delete` takes a ref. */
function deletableName(ref: RefName): string {
  const [, name] = /^refs\/heads\/(.*)$/s.exec(ref) ?? [];
  return name === undefined || name.startsWith('refs/') ? ref : name;
}
