import { type CommitId, isDmlError } from '@daggerml/object-model';
import { type ReachedObjects, reachedObjects } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { listExecRefs, readExecRef } from '../exec-refs/exec-ref-files.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import { listLayout } from '../files/list-layout.ts';
import { type Absences, absenceOf, isExcised, readAbsences, withAbsences } from '../format/absences.ts';
import { type ExecRef, type ExecRefKind, execRefPath } from '../format/exec-ref.ts';
import { filePath, parseFilePath } from '../format/file-path.ts';
import type { GroupEntry, GroupKind } from '../format/group.ts';
import type { IndexRow } from '../format/index-object.ts';
import { LinkSet } from '../format/link.ts';
import type { Publications } from '../format/publication.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';
import type { RemoteState } from '../format/state.ts';
import { readIndex, rewriteGroups } from '../levels/merge-groups.ts';
import { segmentBytesOf } from '../levels/plan-merge.ts';
import { putAbsences } from '../push/put-absences.ts';
import { RefReader } from '../refs/ref-reader.ts';
import type { Remote } from '../remote.ts';
import { namedFiles, pathsOfGroup } from '../repair/named-files.ts';
import { advance } from '../state/advance.ts';
import { nextEpoch } from '../state/next-numbers.ts';
import { onState } from '../state/on-state.ts';
import { listStates, type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import { assertCopies } from './assert-copies.ts';

/** States of the journal that a collection keeps. */
const KEPT_STATES = 1_000;

/** Fate of a group in a collection. */
export interface GroupFate {
  readonly group: GroupEntry;
  readonly fate: 'keep' | 'rewrite' | 'drop';
  /** Bytes of its segments, and of the records that are needed. */
  readonly bytes: number;
  readonly neededBytes: number;
}

/** A file that is to be deleted, and why. */
export interface Garbage {
  readonly path: string;
  readonly bytes: number;
  readonly reason: 'unreached' | 'old-state' | 'left-over';
}

/** A collection of a remote. */
export interface CollectOptions {
  /** A store that has everything that the remote's refs reach. */
  readonly store: Parameters<typeof reachedObjects>[0];
  /** Source of what commits reach; the store by default. */
  readonly reach?: ((commitIds: readonly CommitId[]) => Promise<ReachedObjects>) | undefined;
  readonly isDryRun?: boolean | undefined;
  readonly keptStates?: number | undefined;
  /** Drops all outcomes of the shared cache; what refs reach of them stays. False by default. */
  readonly dropsCache?: boolean | undefined;
  readonly segmentBytes?: number | undefined;
  readonly onProgress?: ((done: { readonly groups: number; readonly deleted: number }) => void) | undefined;
}

/** Result of a collection; of a dry run, what it would be. */
export interface CollectResult {
  readonly groups: readonly GroupFate[];
  readonly garbage: readonly Garbage[];
  /** Paths beside those files that are none of a remote, and stay. */
  readonly strays: readonly string[];
  readonly snapshot: RemoteSnapshot;
}

/**
 * Collects a remote: replaces CURRENT by a state of the next epoch that names only what is needed, then deletes the
 * files of earlier epochs that it does not name.
 *
 * Throws `remote_refused` with `incomplete` where the store lacks something that the refs reach, `remote_busy`,
 * `push_unknown`, and what the remote's files throw.
 */
export async function collectRemote(remote: Remote, options: CollectOptions): Promise<CollectResult> {
  const first = await readSnapshot(remote.files);
  if (first.version === null) throw remoteError('remote_missing', { remote: remote.files.name });
  // @spec DML-REM-1004
  if (options.isDryRun === true) {
    const plan = await onState(remote.files, first, ({ state }) => planGroups(remote, options, state));
    const { fates } = plan.result;
    const names = new Set(
      fates.filter(({ fate }) => fate === 'keep').flatMap(({ group }) => pathsOfGroup(group)),
    );
    const snapshot = plan.base;
    const epoch = nextEpoch(remote.files.name, snapshot.state);
    const state = { ...snapshot.state, ...cachesAfter(options), epoch };
    return {
      groups: fates,
      ...(await findGarbage(remote, options, { ...snapshot, state }, names)),
      snapshot,
    };
  }
  let fates: readonly GroupFate[] = [];
  // @spec DML-REM-1008
  // @spec DML-REM-1014
  const { snapshot } = await advance(
    remote,
    async (base) => {
      const plan = await planGroups(remote, options, base.state);
      fates = plan.fates;
      const groups = await rewritten(remote, options, plan);
      const { before, epoch } = plan;
      const absences = await putAbsences(remote, plan.absences, { before, state: { ...base.state, epoch } });
      return { reason: 'collection', epoch, groups, absences, ...cachesAfter(options) };
    },
    { first },
  );
  const named = new Set(snapshot.state.groups.flatMap(pathsOfGroup));
  const { garbage, strays } = await findGarbage(remote, options, snapshot, named);
  const paths = garbage.map(({ path }) => path);
  for (let at = 0; at < paths.length; at += DELETED_TOGETHER) {
    await remote.files.remove(paths.slice(at, at + DELETED_TOGETHER));
    options.onProgress?.({ groups: fates.length, deleted: Math.min(at + DELETED_TOGETHER, paths.length) });
  }
  return { groups: fates, garbage, strays, snapshot: { ...snapshot, version: snapshot.version ?? null } };
}

/**
 * Returns what becomes of the cache indexes: they stay where nothing else was asked for.
 *
 * @spec DML-REM-1822
 */
function cachesAfter({ dropsCache = false }: CollectOptions): { readonly caches?: RemoteState['caches'] } {
  return dropsCache ? { caches: [] } : {};
}

/** Exec refs that are read at the same time. */
const PARALLEL_READS = 6;

/** Files that are deleted with one request, where the remote has one for several. */
const DELETED_TOGETHER = 1_000;

/** Fates of the groups of a state, and the facts that decide them. */
interface GroupPlan {
  readonly fates: readonly GroupFate[];
  readonly reached: ReachedObjects;
  /** Pages of the trees of refs. */
  readonly pageIds: ReadonlySet<string>;
  /** Absences of the state before, and those with the tombstones of the repository. */
  readonly before: Absences;
  readonly absences: Absences;
  /** Objects that groups which stay as they are hold, of those that refs reach. */
  readonly kept: LinkSet;
  /** Epoch of the state that the collection makes. */
  readonly epoch: number;
}

/** Decides what becomes of each group of a state. */
async function planGroups(remote: Remote, options: CollectOptions, state: RemoteState): Promise<GroupPlan> {
  const epoch = nextEpoch(remote.files.name, state);
  const refs = await new RefReader(remote.files).of(state);
  const reached =
    state.published === undefined
      ? await reachedHere(remote, options, Object.values(await refs.all()))
      : await excisedOf(options, state.published);
  const pageIds = await refs.pageIds();
  // @spec DML-REM-1005
  const tombstones = reached.tombstones.flatMap((bytes) => absenceOf(bytes) ?? []);
  const before = await readAbsences(remote.files, state.absences);
  const absences = withAbsences(before, tombstones);
  const fates = new Map<GroupEntry, GroupFate>();
  const kept = new LinkSet();
  const moved = new LinkSet();
  /** Objects whose copies go, since groups that stay have them. */
  const relied = new LinkSet();
  // The largest first: it is the copies in small groups that go.
  const ordered = [...state.groups].sort((left, right) => segmentBytesOf(right) - segmentBytesOf(left));
  for (const group of ordered) {
    const bytes = segmentBytesOf(group);
    if (options.dropsCache === true && group.kind === 'cache') {
      fates.set(group, { group, fate: 'drop', bytes, neededBytes: 0 });
      continue;
    }
    const index = await readIndex(remote.files, group);
    if (index === undefined)
      throw remoteError('remote_damaged', {
        remote: remote.files.name,
        path: filePath('indexes', group.index),
        detail: 'missing',
      });
    let neededBytes = 0;
    let copiedBytes = 0;
    let hasExcised = false;
    const isCopied = (row: IndexRow): boolean => isShared(group.kind) && (kept.has(row) || moved.has(row));
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      if (isExcised(absences, row)) hasExcised = true;
      else if (!isNeeded(group.kind, row, { reached, pageIds })) continue;
      // @spec DML-REM-1920
      else if (isCopied(row)) copiedBytes += row.length + SECTION_BYTES;
      else neededBytes += row.length + SECTION_BYTES;
    }
    // @spec DML-REM-1012
    for (const { class: objectClass, objectId } of reached.withheld)
      if (index.find(objectClass, objectId) !== undefined) throw incomplete(remote, objectClass, objectId);
    // @spec DML-REM-1013
    // @spec DML-REM-1006
    // @spec DML-REM-1921
    const fate = neededBytes === 0 ? 'drop' : hasExcised || neededBytes * 2 <= bytes ? 'rewrite' : 'keep';
    fates.set(group, { group, fate, bytes, neededBytes });
    if (!isShared(group.kind) || neededBytes + copiedBytes === 0) continue;
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      if (isExcised(absences, row) || !reached.has(row.class, row.id)) continue;
      if (fate === 'keep') kept.add(row);
      else if (kept.has(row)) relied.add(row);
      else moved.add(row);
    }
  }
  for (const link of moved) if (kept.has(link)) relied.add(link);
  await assertCopies(
    remote,
    ordered.filter((group) => isShared(group.kind) && fates.get(group)?.fate === 'keep'),
    relied,
  );
  return {
    fates: state.groups.flatMap((group) => fates.get(group) ?? []),
    reached,
    pageIds,
    before,
    absences,
    epoch,
    kept,
  };
}

/** Checks whether a collection keeps an object of a group. */
function isNeeded(
  kind: GroupKind,
  { class: objectClass, id }: IndexRow,
  { reached, pageIds }: Pick<GroupPlan, 'reached' | 'pageIds'>,
): boolean {
  // @spec DML-REM-0427
  if (kind === 'refs') return pageIds.has(id);
  return kind === 'cache' || reached.has(objectClass, id);
}

/** Checks whether groups of a kind hold what refs reach, so that an object is needed in one of them. */
function isShared(kind: GroupKind): boolean {
  return kind === 'objects' || kind === 'loose';
}

/** Bytes of a section besides its record: length and CID. */
const SECTION_BYTES = 38;

/**
 * Returns what is excised here of what is published, as far as that is here: everything else is kept, so nothing else is
 * asked for.
 */
async function excisedOf(
  { store, reach = (ids) => reachedObjects(store, ids) }: CollectOptions,
  published: Publications,
): Promise<ReachedObjects> {
  const tombstones: Uint8Array[] = [];
  for (const { commit } of Object.values(published)) {
    if (commit === null) continue;
    try {
      tombstones.push(...(await reach([commit])).tombstones);
    } catch (error) {
      // Of another domain.
      if (!isDmlError(error) || error.code !== 'object_missing') throw error;
    }
  }
  // Nobody knows what of it others have taken a reference to. @spec DML-REM-1306
  return { count: 0, withheld: [], tombstones, has: () => true };
}

/** Returns what the refs reach. */
async function reachedHere(
  remote: Remote,
  { store, reach = (ids) => reachedObjects(store, ids) }: CollectOptions,
  commitIds: readonly CommitId[],
): Promise<ReachedObjects> {
  try {
    // @spec DML-REM-1010
    return await reach(commitIds);
  } catch (error) {
    if (!isDmlError(error) || error.code !== 'object_missing') throw error;
    throw incomplete(remote, String(error.fields.class), String(error.fields.objectId), error);
  }
}

function incomplete(remote: Remote, objectClass: string, objectId: string, cause?: unknown): Error {
  return remoteError(
    'remote_refused',
    {
      remote: remote.files.name,
      operation: 'be collected from here',
      reason: `this repository lacks the ${objectClass} ${objectId.slice(0, 12)}, which its refs reach`,
      detail: 'incomplete',
      class: objectClass,
      objectId,
    },
    cause,
  );
}

/** Returns the groups of the next state, those to rewrite written again. */
async function rewritten(
  remote: Remote,
  { segmentBytes = SEGMENT_BYTES }: CollectOptions,
  { fates, reached, pageIds, absences, kept: stays, epoch }: GroupPlan,
): Promise<GroupEntry[]> {
  const kept = fates.filter(({ fate }) => fate === 'keep').map(({ group }) => group);
  const chosen = fates.filter(({ fate }) => fate === 'rewrite');
  for (const kind of ['objects', 'cache', 'refs'] as const) {
    const isOf = (group: GroupEntry): boolean =>
      group.kind === kind || (kind === 'objects' && isShared(group.kind));
    const groups = chosen.flatMap(({ group }) => (isOf(group) ? [group] : []));
    if (groups.length === 0) continue;
    const group = await rewriteGroups(remote, groups, {
      epoch,
      kind,
      segmentBytes,
      isKept: (row) =>
        !isExcised(absences, row) &&
        isNeeded(kind, row, { reached, pageIds }) &&
        !(isShared(kind) && stays.has(row)),
    });
    if (group === 'gone')
      throw remoteError('remote_damaged', { remote: remote.files.name, path: 'segments', detail: 'missing' });
    if (group !== undefined) kept.push(group);
  }
  return kept;
}

/** Lists the files that a state of a new epoch leaves behind. */
async function findGarbage(
  remote: Remote,
  { keptStates = KEPT_STATES }: CollectOptions,
  snapshot: Pick<RemoteSnapshot, 'name' | 'state'> & { readonly version: string | null | undefined },
  named: ReadonlySet<string>,
): Promise<Pick<CollectResult, 'garbage' | 'strays'>> {
  const { files } = remote;
  const { state } = snapshot;
  const needed = new Set(named);
  if (state.absences !== null) needed.add(filePath('absences', state.absences));
  for (const { file } of state.caches) needed.add(filePath('caches', file));
  // @spec DML-REM-1811
  const strays: string[] = [];
  // @spec DML-REM-1931
  const onStray = (path: string): void => void strays.push(path);
  const execRefs = await readExecRefs(remote, onStray);
  for (const path of execRefs.named) needed.add(path);
  // @spec DML-REM-1011
  let left = keptStates;
  const before = new Set<string>();
  for await (const { name, state: earlier } of listStates(files, snapshot)) {
    for (const group of earlier.groups) for (const path of pathsOfGroup(group)) before.add(path);
    if (left <= 0) break;
    needed.add(filePath('states', name));
    left -= 1;
  }
  const garbage: Garbage[] = [...execRefs.garbage];
  const missing = new Set(named);
  for (const prefix of ['segments/', 'indexes/', 'caches/', 'absences/', 'states/'] as const)
    for await (const { path, sizeBytes } of listLayout(files, prefix, onStray)) {
      missing.delete(path);
      const facts = parseFilePath(path);
      // @spec DML-REM-1009
      // @spec DML-REM-1015
      // @spec DML-REM-1020
      if (facts === undefined || facts.epoch >= state.epoch || needed.has(path)) continue;
      garbage.push({ path, bytes: sizeBytes, reason: reasonOf(prefix, before.has(path)) });
    }
  await assertNoneMissing(remote, snapshot, missing);
  return { garbage, strays };
}

/**
 * Throws `remote_damaged` where a listing lacks files that the state in effect names. Another collection may have removed
 * them with a state of its own.
 *
 * @spec DML-REM-1914
 */
async function assertNoneMissing(
  { files }: Remote,
  { version }: { readonly version: string | null | undefined },
  missing: ReadonlySet<string>,
): Promise<void> {
  const [path] = missing;
  if (path === undefined) return;
  const now = await readSnapshot(files);
  if (now.version === version || namedFiles(now.state).has(path))
    throw remoteError('remote_damaged', { remote: files.name, path, detail: 'missing' });
}

/** Age from which a job is given up, by the remote's clock. */
const MAX_JOB_MS = 30 * 24 * 3_600_000;

/** Exec refs of a remote: files that they name, and those of them that nobody needs any more. */
interface ExecRefFiles {
  readonly named: readonly string[];
  readonly garbage: readonly Garbage[];
}

/** Reads the exec refs of a remote; one that is damaged names no file. */
async function readExecRefs(remote: Remote, onStray: (path: string) => void): Promise<ExecRefFiles> {
  const nowMs = await remote.files.now();
  // The jobs last: of each result that was listed, the job is there unless it was removed.
  const results = await listExecRefs(remote, 'results', onStray);
  const jobs = await listExecRefs(remote, 'exec', onStray);
  const tasks = function* (): Generator<() => Promise<ReadRef>, void, undefined> {
    for (const [kind, uuids] of [
      ['exec', jobs],
      ['results', results],
    ] as const)
      for (const uuid of uuids)
        yield async () => ({ kind, uuid, ref: await readIfWhole(remote, kind, uuid) });
  };
  const named: string[] = [];
  const garbage: Garbage[] = [];
  for await (const { kind, uuid, ref } of readAhead(tasks(), PARALLEL_READS)) {
    if (ref === undefined) continue;
    const isOver = kind === 'results' ? !jobs.has(uuid) : nowMs - ref.timeMs > MAX_JOB_MS;
    // @spec DML-REM-1812
    if (isOver) garbage.push({ path: execRefPath(kind, uuid), bytes: 0, reason: 'left-over' });
    else named.push(...ref.groups.flatMap(pathsOfGroup));
  }
  return { named, garbage };
}

interface ReadRef {
  readonly kind: ExecRefKind;
  readonly uuid: string;
  readonly ref: ExecRef | undefined;
}

async function readIfWhole(remote: Remote, kind: ExecRefKind, uuid: string): Promise<ExecRef | undefined> {
  try {
    return await readExecRef(remote, kind, uuid);
  } catch (error) {
    if (isDmlError(error) && error.code === 'remote_damaged') return undefined;
    throw error;
  }
}

function reasonOf(prefix: string, wasNamed: boolean): Garbage['reason'] {
  if (prefix === 'states/') return 'old-state';
  return wasNamed ? 'unreached' : 'left-over';
}
