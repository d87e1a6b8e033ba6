import { type CommitId, isDmlError, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import { type ByteStream, importCar, type LeftOut, type RefName } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { runningNames } from '../federation/publication-names.ts';
import { type Absences, readAbsences } from '../format/absences.ts';
import type { GroupEntry, GroupKind } from '../format/group.ts';
import { LinkSet } from '../format/link.ts';
import type { RefMap } from '../format/ref-trees.ts';
import type { RemoteState } from '../format/state.ts';
import { isTakenName, localRefOf } from '../refs/local-ref.ts';
import { RefReader } from '../refs/ref-reader.ts';
import type { RemoteRefs } from '../refs/remote-refs.ts';
import type { Remote } from '../remote.ts';
import { onState } from '../state/on-state.ts';
import { isLeftBehind, type RemoteSnapshot, readSince } from '../state/read-snapshot.ts';
import type { StateMemory } from '../state/state-memory.ts';
import { closureSections, incompleteError } from './closure-sections.ts';
import { type FetchFilter, leftOutDomain } from './fetch-filter.ts';
import { type FetchHost, isLeftOutHere } from './fetch-host.ts';
import { type FetchCounts, type FetchSource, groupSections, streamHead } from './fetch-stream.ts';
import { fillOffered } from './fill-offered.ts';
import { moveKind } from './move-kind.ts';

/** A fetch of the branches and tags of a remote. */
export interface FetchOptions {
  readonly store: FetchHost;
  /** Name of the remote in this repository, in the names of its tracking refs. */
  readonly remoteName: string;
  readonly memory: StateMemory;
  /** Names of branches; all by default. */
  readonly branches?: readonly string[] | undefined;
  /** Removes tracking refs of branches that the remote does not have any more. */
  readonly prune?: boolean | undefined;
  /** Takes the tombstones of this remote: objects are then excised here as well, for good. */
  readonly acceptExcisions?: boolean | undefined;
  /** Leaves out a part of what the refs reach; the store keeps stubs that name the remote by its canonical URI. */
  readonly partial?: (FetchFilter & { readonly uri: string }) | undefined;
  /** Most bytes that are read of a remote. */
  readonly maxBytes?: number | undefined;
  readonly onProgress?: ((counts: Readonly<FetchCounts>) => void) | undefined;
  /** Hears what the remote offers before an object is asked for; throws to refuse it. */
  readonly onOffer?: ((offer: FetchOffer) => void) | undefined;
  /** Takes a stream into the store; checks all of it before a ref moves. */
  readonly receive?: typeof importCar | undefined;
}

/** Names of what a remote has. */
export interface FetchOffer {
  /** All branches, or those that are fetched. */
  readonly branches: readonly string[];
  /** Publications that have not ended; undefined for a remote that is for none. */
  readonly publications: readonly string[] | undefined;
}

/** A ref that a fetch moved. */
export interface FetchedRef {
  readonly ref: RefName;
  readonly before: CommitId | null;
  readonly after: CommitId | null;
  /** `forced` where the commit before is not in its history, `unknown` where that was left out here. */
  readonly kind: 'new' | 'forward' | 'forced' | 'unknown' | 'deleted';
}

/** A ref of a remote that was left out, under its name there. */
export interface SkippedRef {
  readonly ref: RefName;
  readonly commitId: CommitId;
}

/** Result of a fetch. */
export interface FetchResult {
  /** Refs that moved, tracking refs that were removed among them. */
  readonly moved: readonly FetchedRef[];
  /** Tags of the remote that are others here, and stay as they are. */
  readonly keptTags: readonly RefName[];
  /** Refs of the remote that no ref here may be called, and that were left out. */
  readonly skippedRefs: readonly SkippedRef[];
  readonly counts: Readonly<FetchCounts>;
  /** Tombstones and stubs that were taken. */
  readonly tombstones: number;
  readonly stubs: number;
  /** Objects that were left out. */
  readonly leftOut: number;
  readonly snapshot: RemoteSnapshot;
  /**
   * State that was seen on the remote before and is not in its journal, as far as that is known: an older copy of the
   * remote has taken its place.
   */
  readonly wentBackFrom: RemoteState | undefined;
}

/** Refs that a repository takes from a state. */
interface Wanted {
  /** By the name of the ref on the remote. */
  readonly targets: ReadonlyMap<RefName, { readonly ref: RefName; readonly commitId: CommitId }>;
  readonly pruned: readonly FetchedRef[];
  readonly keptTags: readonly RefName[];
  readonly skippedRefs: readonly SkippedRef[];
}

/**
 * Fetches what the repository lacks of a remote and moves the tracking refs, together, once all of it is here.
 *
 * Throws `remote_damaged` for a remote that does not hold what its refs reach, `transfer_invalid` with
 * `excision_offered` for tombstones that are not accepted, and what the remote's files throw.
 */
export async function fetch(remote: Remote, options: FetchOptions): Promise<FetchResult> {
  const { memory } = options;
  const counts: FetchCounts = { requests: 0, bytes: 0, objects: 0 };
  const recalled = await memory.recall();
  const reader = new RefReader(remote.files, memory, (bytes) => {
    counts.requests += 1;
    counts.bytes += bytes;
  });
  // @spec DML-REM-0911
  const first = await readSince(remote.files, recalled, options.remoteName);
  counts.requests += first.isRecalled ? 1 : 2;
  // What this very fetch takes a stub for is not offered.
  const hasGaps = !first.isRecalled && options.store.hasWithheld();
  // @spec DML-REM-0914
  const { base, result } = await onState(remote.files, first.snapshot, async (snapshot) => {
    if (snapshot !== first.snapshot) counts.requests += 2;
    if (snapshot.version === null) throw remoteError('remote_missing', { remote: remote.files.name });
    const refs = await reader.of(snapshot.state);
    return await take(remote, options, { snapshot, refs, recalled, counts });
  });
  if (hasGaps) await fillOffered(remote, options.store, { snapshot: base, recalled, counts });
  await memory.remember(base);
  await reader.remember();
  const wentBackFrom = (await wentBack(remote, { base, recalled, isBack: first.isBack }, result.moved))
    ? recalled?.state
    : undefined;
  return { ...result, counts, snapshot: base, wentBackFrom };
}

/**
 * Checks whether a remote has lost what was seen there; its journal is looked at only where a ref lost commits.
 *
 * @spec DML-REM-1884
 */
async function wentBack(
  { files }: Remote,
  {
    base,
    recalled,
    isBack,
  }: {
    readonly base: RemoteSnapshot;
    readonly recalled: RemoteSnapshot | undefined;
    readonly isBack: boolean;
  },
  moved: readonly FetchedRef[],
): Promise<boolean> {
  if (isBack || recalled === undefined) return isBack;
  return moved.some(({ kind }) => kind === 'forced') && (await isLeftBehind(files, base, recalled));
}

interface Taking {
  readonly snapshot: RemoteSnapshot;
  readonly refs: RemoteRefs;
  readonly recalled: RemoteSnapshot | undefined;
  readonly counts: FetchCounts;
}

async function take(
  remote: Remote,
  options: FetchOptions,
  { snapshot, refs, recalled, counts }: Taking,
): Promise<Omit<FetchResult, 'counts' | 'snapshot' | 'wentBackFrom'>> {
  const { store } = options;
  const here = new Map(store.readRefs().map(({ name, commitId }) => [name, commitId]));
  const refsThere = await refsOf(options, refs);
  const wanted = wantedOf(options, refsThere, here);
  const { pruned, keptTags, skippedRefs } = wanted;
  options.onOffer?.(offerOf(refsThere, skippedRefs, snapshot));
  const missing = [...wanted.targets.values()].filter(({ ref, commitId }) => here.get(ref) !== commitId);
  let taken = { moved: [] as readonly FetchedRef[], tombstones: 0, stubs: 0, leftOut: 0 };
  if (missing.length > 0) {
    const { groups } = snapshot.state;
    const seen = new Set(recalled?.state.groups.map(({ index }) => index));
    // A fetch that was cut has left objects and no ref. @spec DML-REM-0916
    const isEmpty = here.size === 0 && !store.hasObjects();
    const { depth, blobLimitBytes }: FetchFilter = options.partial ?? {};
    // Which blobs are large is known only once their records are here.
    const leavesChunks = blobLimitBytes !== undefined || store.hasLeftOut('chunk');
    // Groups may hold any amount of what lies behind a commit that was left out. @spec DML-REM-0961
    const isShallow = depth !== undefined || store.hasLeftOut('commit');
    const isHere = (objectClass: ObjectClass, id: ObjectId): boolean =>
      (leavesChunks && objectClass === 'chunk') || store.has(objectClass, id);
    const source: FetchSource = {
      files: remote.files,
      counts,
      onProgress: (now) => {
        assertWithin(options, now, remote);
        options.onProgress?.(now);
      },
      // Nothing is here, so that every segment is read whole. @spec DML-REM-0917
      isHere: isEmpty && !leavesChunks ? undefined : isHere,
    };
    const fetched = groups.filter(({ kind, index }) => hasObjects(kind) && (isEmpty || !seen.has(index)));
    assertWithin(
      options,
      { bytes: source.isHere === undefined && !isShallow ? totalBytes(fetched) : 0 },
      remote,
    );
    const absences = await readAbsences(remote.files, snapshot.state.absences);
    const leftOut = new LinkSet();
    const importing = { remote, options, wanted, absences, leftOut };
    const readClosure = async (): Promise<typeof taken> => {
      const sections = closureSections({
        source,
        groups: groups.filter(({ kind }) => hasObjects(kind)),
        commitIds: missing.map(({ commitId }) => commitId),
        get: (objectClass, id) => store.get(objectClass, id),
        isWhole: wholeCommits(store),
        isLeftOut: store.countStubs().objects > 0 ? (link) => isLeftOutHere(store, link) : undefined,
        leftOut,
        depth,
        blobLimitBytes,
      });
      return await importStream(importing, sections).catch((cause: unknown) => {
        if (isIncomplete(cause)) throw incompleteError(remote.files.name, cause.fields, cause);
        throw cause;
      });
    };
    try {
      taken = isShallow ? await readClosure() : await importStream(importing, groupSections(source, fetched));
    } catch (error) {
      if (!isIncomplete(error)) throw error;
      // What was here is not whole, or is in groups that were looked at before.
      taken = await readClosure();
    }
  }
  if (pruned.length > 0) prune(remote, options, pruned);
  return { ...taken, moved: [...taken.moved, ...pruned], keptTags, skippedRefs };
}

function offerOf(
  refs: RefMap,
  skippedRefs: readonly SkippedRef[],
  { state: { published } }: RemoteSnapshot,
): FetchOffer {
  const prefix = 'heads/';
  const skipped = new Set<string>(skippedRefs.map(({ ref }) => ref.slice('refs/'.length)));
  const taken = Object.keys(refs).filter((key) => key.startsWith(prefix) && !skipped.has(key));
  return {
    branches: taken.map((key) => key.slice(prefix.length)),
    publications: published && runningNames(published),
  };
}

function totalBytes(groups: readonly GroupEntry[]): number {
  return groups.flatMap(({ segments }) => segments).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @spec DML-REM-0909 */
function assertWithin(
  { maxBytes }: FetchOptions,
  { bytes }: { readonly bytes: number },
  remote: Remote,
): void {
  if (maxBytes !== undefined && bytes > maxBytes)
    throw remoteError('remote_refused', {
      remote: remote.files.name,
      operation: 'stay within the limit',
      reason: `it offers more than ${maxBytes} bytes`,
      detail: 'limit',
    });
}

/** Returns the check whether a ref of the store leads to a commit, so that all that it reaches is here. */
function wholeCommits(
  store: FetchHost,
): (link: { readonly class: ObjectClass; readonly id: ObjectId }) => boolean {
  const ids = new Set<string>(store.readRefs().map(({ commitId }) => commitId));
  return (link) => link.class === 'commit' && ids.has(link.id);
}

function isIncomplete(error: unknown): error is { readonly fields: Readonly<Record<string, unknown>> } {
  return isDmlError(error) && error.code === 'transfer_invalid' && error.detail === 'incomplete';
}

/** Checks whether the groups of a kind hold what refs reach. */
function hasObjects(kind: GroupKind): boolean {
  return kind === 'objects' || kind === 'loose';
}

/** Returns the refs of a remote of which something is asked: all, or some branches and the tags. */
async function refsOf({ branches, prune: isPruning }: FetchOptions, refs: RemoteRefs): Promise<RefMap> {
  if (branches === undefined || isPruning === true) return await refs.all();
  // @spec DML-REM-0426
  return { ...(await refs.all('tags')), ...(await refs.some(branches.map((name) => `heads/${name}`))) };
}

function wantedOf(
  { store, remoteName, branches, prune: isPruning }: FetchOptions,
  refs: RefMap,
  here: ReadonlyMap<RefName, CommitId>,
): Wanted {
  const chosen = branches && new Set(branches);
  const targets = new Map<RefName, { ref: RefName; commitId: CommitId }>();
  const keptTags: RefName[] = [];
  const skippedRefs: SkippedRef[] = [];
  for (const [key, commitId] of Object.entries(refs)) {
    const isTag = key.startsWith('tags/');
    if (!isTag && chosen !== undefined && !chosen.has(key.slice('heads/'.length))) continue;
    const theirs = `refs/${key}` as RefName;
    const ref = localRefOf(key, remoteName);
    const present = ref && here.get(ref);
    // @spec DML-REM-1872
    if (ref === undefined || (present === undefined && !isTakenName(key, remoteName)))
      skippedRefs.push({ ref: theirs, commitId });
    // @spec DML-REM-0913
    else if (isTag && present !== undefined && present !== commitId) keptTags.push(ref);
    else targets.set(theirs, { ref, commitId });
  }
  const unknown = branches?.find((name) => !Object.hasOwn(refs, `heads/${name}`));
  if (unknown !== undefined)
    throw remoteError('remote_missing', { remote: remoteName, branch: unknown, detail: 'branch' });
  // @spec DML-REM-0912
  const pruned = isPruning === true ? outdated(store, remoteName, refs) : [];
  return { targets, keptTags, skippedRefs, pruned };
}

/** Returns the tracking refs of branches that a remote does not have. */
function outdated(
  store: FetchHost,
  remoteName: string,
  refs: Readonly<Record<string, CommitId>>,
): FetchedRef[] {
  const prefix = `refs/remotes/${remoteName}/`;
  return store
    .readRefs()
    .filter(
      ({ name }) => name.startsWith(prefix) && !Object.hasOwn(refs, `heads/${name.slice(prefix.length)}`),
    )
    .map(({ name, commitId }) => ({ ref: name, before: commitId, after: null, kind: 'deleted' }));
}

function prune({ actor, files }: Remote, { store }: FetchOptions, pruned: readonly FetchedRef[]): void {
  store.transact('fetch/prune', (transaction) => {
    for (const { ref, before } of pruned)
      transaction.updateRef({ ref, expected: before, next: null, actor, reason: `prune ${files.name}` });
  });
}

interface Importing {
  readonly remote: Remote;
  readonly options: FetchOptions;
  readonly wanted: Wanted;
  readonly absences: Absences;
  /** Objects that the sections leave out. */
  readonly leftOut: LinkSet;
}

/** Imports refs and sections; a ref that somebody else moves meanwhile is imported again. */
async function importStream(
  { remote, options, wanted, absences, leftOut }: Importing,
  sections: AsyncIterable<Uint8Array>,
): Promise<Pick<FetchResult, 'moved' | 'tombstones' | 'stubs' | 'leftOut'>> {
  const { targets } = wanted;
  const refs = [...targets].map(([ref, { commitId }]) => ({ ref, commitId }));
  const stream = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* streamHead(refs, absences);
    yield* sections;
  };
  const importOnce = (bytes: ByteStream): ReturnType<typeof importCar> =>
    // @spec DML-REM-0901
    // @spec DML-REM-0906
    // @spec DML-REM-0907
    (options.receive ?? importCar)(options.store, bytes, {
      actor: remote.actor,
      reason: `fetch ${remote.files.name}`,
      mapRef: (name) => targets.get(name)?.ref,
      // Tracking refs follow the remote wherever it goes. @spec DML-REM-0902
      force: true,
      acceptWithheld: true,
      leftOut: options.partial && leftOutOf(leftOut, options.partial.uri, remote.clock.now()),
      // @spec DML-REM-0910
      acceptExcisions: options.acceptExcisions === true,
    });
  let result = await importOnce(stream());
  // All objects are here now, so that another try takes refs alone.
  while (result.state === 'refused') result = await importOnce(streamHead(refs, absences));
  const moved = result.refs.flatMap(({ ref, before, after }) =>
    before === after ? [] : [{ ref, before, after, kind: moveKind(options.store, before, after) }],
  );
  const { tombstones, stubs, leftOut: leftOutCount } = result;
  return { moved, tombstones, stubs, leftOut: leftOutCount };
}

/** Returns what an import is told of objects that a remote has and that stay there. */
function leftOutOf(links: LinkSet, uri: string, timeMs: number): LeftOut {
  return {
    has: (objectClass, id) => links.has({ class: objectClass, id }),
    domain: leftOutDomain(uri),
    timeMs: Math.trunc(timeMs),
  };
}
