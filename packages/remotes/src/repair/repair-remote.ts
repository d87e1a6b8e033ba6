import { type CommitId, isDmlError, type PageId } from '@daggerml/object-model';
import { reachedObjects } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import { type Absences, absenceOf, isExcised, readAbsences, withAbsences } from '../format/absences.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import { type Link, LinkSet } from '../format/link.ts';
import type { SentObject } from '../format/segment.ts';
import type { RemoteState } from '../format/state.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { putAbsences } from '../push/put-absences.ts';
import type { PutProgress } from '../push/put-groups.ts';
import type { KnownPages } from '../refs/ref-pages.ts';
import { RemoteRefs } from '../refs/remote-refs.ts';
import type { Remote } from '../remote.ts';
import { advance, type StateChange } from '../state/advance.ts';
import { FileGone } from '../state/file-gone.ts';
import { nextEpoch } from '../state/next-numbers.ts';
import { onState } from '../state/on-state.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import type { StateMemory } from '../state/state-memory.ts';
import { type GroupRemains, type IndexedGroup, remainsOf } from './group-remains.ts';
import { GroupMender, type MendCounts } from './mend-groups.ts';
import { namedFiles, pathsOfGroup } from './named-files.ts';
import { type LocalObjects, neededObjects } from './needed-objects.ts';
import { readAbsenceRecords } from './readable-absences.ts';
import { replaceCaches } from './replace-caches.ts';
import { type DamagedFile, Verification, type VerifyOptions } from './verify-remote.ts';

/** A repair of a remote from a repository. */
export interface RepairOptions extends VerifyOptions {
  readonly store: LocalObjects & Parameters<typeof reachedObjects>[0];
  readonly memory?: StateMemory | undefined;
  readonly segmentBytes?: number | undefined;
  readonly onPut?: ((done: Readonly<PutProgress>) => void) | undefined;
}

/** Result of a repair. */
export interface RepairResult {
  /** Files that were missing or damaged. */
  readonly damaged: readonly DamagedFile[];
  /** True when the remote has everything that its refs reach afterwards. */
  readonly isWhole: boolean;
  /** True when a new state was written. */
  readonly isChanged: boolean;
  /** Objects that were put, those that were read from damaged segments among them, and bytes of their segments. */
  readonly counts: Readonly<MendCounts>;
  /** Objects that the refs reach and that are neither there nor here. */
  readonly lacking: LinkSet;
  readonly snapshot: RemoteSnapshot;
}

/** Index objects that are read at the same time. */
const PARALLEL_READS = 4;

/**
 * Repairs a remote: puts what its damaged files held, and what else its refs reach and it lacks, as far as it can be
 * read there or is in the store, and makes a state of the next epoch without the damaged files. Where something stays
 * lacking, the damaged groups stay listed, for others to repair. No ref moves.
 *
 * Throws `remote_missing`, `push_unknown`, `remote_busy`, and what the remote's files throw.
 */
export async function repairRemote(remote: Remote, options: RepairOptions): Promise<RepairResult> {
  const repair = new Repair(remote, options);
  for (;;) {
    const first = await readSnapshot(remote.files);
    if (first.version === null) throw remoteError('remote_missing', { remote: remote.files.name });
    const { base, result: made } = await onState(remote.files, first, (each) => repair.make(each.state));
    const { damaged, lacking, isWhole, counts } = made;
    const facts = { damaged, lacking, isWhole, counts };
    let isOutdated = false;
    // @spec DML-REM-1909
    const { snapshot, isChanged } = await advance(
      remote,
      async ({ state }) => {
        isOutdated = !made.fits(state);
        return isOutdated ? undefined : made.changeOf(state);
      },
      { first: base },
    );
    if (!isOutdated)
      return { ...facts, isChanged, snapshot: { ...snapshot, version: snapshot.version ?? null } };
  }
}

/** A repair that was put and is not in effect yet. */
interface MadeRepair extends Pick<RepairResult, 'damaged' | 'lacking' | 'isWhole' | 'counts'> {
  /** Checks whether it is of use for a state that others have written since. */
  fits(state: RemoteState): boolean;
  changeOf(state: RemoteState): StateChange | undefined;
}

/** Groups of a state, those with damaged files apart. */
interface SortedGroups {
  readonly sound: readonly IndexedGroup[];
  readonly broken: readonly GroupEntry[];
}

class Repair {
  readonly #remote: Remote;
  readonly #options: RepairOptions;
  readonly #verification: Verification;

  constructor(remote: Remote, options: RepairOptions) {
    this.#remote = remote;
    this.#options = options;
    this.#verification = new Verification(remote, options);
  }

  async make(state: RemoteState): Promise<MadeRepair> {
    const remote = this.#remote;
    const damaged = new Map(
      (await this.#verification.damagedOf(state)).map((each) => [each.path, each] as const),
    );
    const { sound, broken } = await this.#sort(state, damaged);
    const absences = await this.#absences(state, damaged);
    const epoch = nextEpoch(remote.files.name, state);
    const damagedPaths = new Set(damaged.keys());
    const remains: GroupRemains[] = [];
    for (const group of broken) remains.push(await remainsOf(remote, group, { damagedPaths, epoch }));
    const counts: MendCounts = { objects: 0, bytes: 0, salvaged: 0 };
    const { segmentBytes, onPut } = this.#options;
    const options = { epoch, segmentBytes, onProgress: onPut, counts };
    const isRefs = ({ kind }: GroupEntry): boolean => kind === 'refs';
    const isCache = ({ kind }: GroupEntry): boolean => kind === 'cache';
    const isObjects = (group: GroupEntry): boolean => !isRefs(group) && !isCache(group);
    const isLeft = (row: Link): boolean => isExcised(absences.known, row);
    const mended = async (
      kind: 'objects' | 'cache' | 'refs',
      isOf: (group: GroupEntry) => boolean,
      local: (id: Link) => Uint8Array | undefined,
    ): Promise<GroupMender> => {
      const own = sound.filter(({ group }) => isOf(group));
      const mender = new GroupMender(remote, own, { ...options, kind });
      await mender.mend(
        remains.filter(({ group }) => isOf(group)),
        { isLeft, local },
      );
      return mender;
    };
    const pages = (await this.#options.memory?.pages?.recall()) ?? new Map();
    const refs = await mended('refs', isRefs, ({ id }) => pages.get(id as PageId));
    const objects = await mended('objects', isObjects, (row) => this.#local(row));
    const caches = await mended('cache', isCache, (row) => this.#local(row));
    const lacking = new LinkSet();
    const tips = await this.#tips(state, { refs, pages, lacking });
    const needed = await neededObjects({
      source: { files: remote.files, counts: { requests: 0, bytes: 0, objects: 0 } },
      store: this.#options.store,
      commitIds: tips,
      groups: objects.indexed,
      isThere: (link) => objects.has(link),
      absences: absences.known,
      mayAdd: absences.isSound && state.published === undefined,
    });
    for (const link of needed.lacking) lacking.add(link);
    await objects.add(this.#objectsOf(needed.toAdd));
    const tombstones = await this.#tombstones(tips, needed.excised);
    if (tombstones === undefined) for (const link of needed.excised) lacking.add(link);
    // @spec DML-REM-1904
    const isWhole = lacking.size === 0;
    const absencesAfter = isWhole
      ? await this.#putAbsences(state, epoch, { absences, added: tombstones ?? [] })
      : state.absences;
    const replaced = await replaceCaches(remote, soundCaches(state, damaged), {
      epoch,
      lostSegments: new Set(
        remains
          .filter(({ group }) => isCache(group))
          .flatMap((each) => each.damaged.map(({ entry }) => entry.file)),
      ),
      added: caches.added,
    });
    for (const { file } of state.caches)
      if (damaged.has(filePath('caches', file))) replaced.set(file, undefined);
    const added = [refs, objects, caches].flatMap((each) => each.added.map(({ group }) => group));
    // @spec DML-REM-1906
    // Outcomes that are lost are computed again, so nobody waits for them.
    const gone = remains.filter(({ group }) => isWhole || isCache(group));
    const after = new Map(gone.map(({ group, sound: rest }) => [group.index, rest?.group] as const));
    const isNothing =
      added.length === 0 && after.size === 0 && replaced.size === 0 && absencesAfter === state.absences;
    return {
      damaged: [...namedFiles(state).keys()].flatMap((path) => damaged.get(path) ?? []),
      lacking,
      isWhole,
      counts,
      fits: (now) =>
        now.epoch === state.epoch &&
        now.absences === state.absences &&
        isListed(now, broken, [...replaced.keys()]),
      changeOf: (now) =>
        isNothing
          ? undefined
          : {
              reason: 'repair',
              epoch,
              absences: absencesAfter,
              groups: [...now.groups.flatMap((group) => replacedGroup(group, after)), ...added],
              caches: now.caches.flatMap((entry) =>
                replaced.has(entry.file) ? (replaced.get(entry.file) ?? []) : [entry],
              ),
            },
    };
  }

  /** Reads the index objects of groups that look sound; one that cannot be read is damaged as well. */
  async #sort(state: RemoteState, damaged: Map<string, DamagedFile>): Promise<SortedGroups> {
    const { files } = this.#remote;
    const named = namedFiles(state);
    const sound: IndexedGroup[] = [];
    const broken: GroupEntry[] = [];
    const tasks = state.groups.map((group) => async () => {
      if (pathsOfGroup(group).some((path) => damaged.has(path))) return { group, index: undefined };
      const index = await unlessDamaged(() => readIndex(files, group));
      if (index === undefined) throw new FileGone(filePath('indexes', group.index));
      return { group, index };
    });
    for await (const { group, index } of readAhead(tasks, PARALLEL_READS)) {
      if (index !== undefined && index !== 'damaged') {
        sound.push({ group, index });
        continue;
      }
      broken.push(group);
      const path = filePath('indexes', group.index);
      if (index === 'damaged')
        damaged.set(path, {
          ...(named.get(path) as DamagedFile),
          problem: 'content',
          foundBytes: group.bytes,
        });
    }
    return { sound, broken };
  }

  /** Returns the absences of a state, or those of them that can still be read. */
  async #absences(state: RemoteState, damaged: Map<string, DamagedFile>): Promise<ReadableAbsences> {
    const { files } = this.#remote;
    if (state.absences === null) return { known: new Map(), isSound: true };
    const path = filePath('absences', state.absences);
    const read = damaged.has(path)
      ? 'damaged'
      : await unlessDamaged(() => readAbsences(files, state.absences));
    if (read !== 'damaged') return { known: read, isSound: true };
    const problem = damaged.get(path) ?? {
      ...(namedFiles(state).get(path) as DamagedFile),
      problem: 'content' as const,
      foundBytes: null,
    };
    damaged.set(path, problem);
    return { known: withAbsences(new Map(), await readAbsenceRecords(files, path)), isSound: false };
  }

  /** Returns an object's bytes as this repository has them; undefined for one that is not here or excised. */
  #local({ class: objectClass, id }: Link): Uint8Array | undefined {
    try {
      return this.#options.store.get(objectClass, id);
    } catch (error) {
      if (isDmlError(error) && error.detail === 'excised') return undefined;
      throw error;
    }
  }

  *#objectsOf(links: LinkSet): Generator<SentObject, void, undefined> {
    for (const link of links) {
      const bytes = this.#local(link);
      if (bytes !== undefined) yield { ...link, bytes };
    }
  }

  /** Returns the commits of all refs; notes pages of the trees of refs that are lacking. @spec DML-REM-1913 */
  async #tips(
    state: RemoteState,
    { refs, pages, lacking }: { refs: GroupMender; pages: KnownPages; lacking: LinkSet },
  ): Promise<readonly CommitId[]> {
    const published = Object.values(state.published ?? {}).flatMap(({ commit }) => commit ?? []);
    const groups = refs.indexed.map(({ group }) => group);
    const reader = new RemoteRefs(this.#remote.files, { ...state, groups }, pages);
    try {
      const all = await reader.all();
      const unlisted = [...(await reader.pageIds())].flatMap((id) => {
        const bytes = pages.get(id as PageId);
        const link = { class: 'page' as const, id: id as PageId };
        return bytes === undefined || refs.has(link) ? [] : [{ ...link, bytes }];
      });
      await refs.add(unlisted);
      return [...new Set([...Object.values(all), ...published])];
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
      const { objectId } = error.fields;
      if (typeof objectId !== 'string') throw error;
      lacking.add({ class: 'page', id: objectId as PageId });
      return [...new Set([...Object.values(state.refs), ...published])];
    }
  }

  /** Returns the tombstones of what is excised here and lacking there; undefined where they cannot be found. */
  async #tombstones(tips: readonly CommitId[], excised: LinkSet): Promise<readonly Uint8Array[] | undefined> {
    if (excised.size === 0) return [];
    try {
      return (await reachedObjects(this.#options.store, tips)).tombstones;
    } catch (error) {
      if (isDmlError(error) && error.code === 'object_missing') return undefined;
      throw error;
    }
  }

  /** @spec DML-REM-1911 */
  async #putAbsences(
    state: RemoteState,
    epoch: number,
    { absences, added }: { absences: ReadableAbsences; added: readonly Uint8Array[] },
  ): Promise<string | null> {
    const all = withAbsences(
      absences.known,
      added.flatMap((bytes) => absenceOf(bytes) ?? []),
    );
    const before = absences.isSound ? absences.known : new Map();
    return await putAbsences(this.#remote, all, {
      before,
      state: { absences: absences.isSound ? state.absences : null, epoch },
    });
  }
}

/** Absences that can be read, and whether those are all. */
interface ReadableAbsences {
  readonly known: Absences;
  readonly isSound: boolean;
}

function soundCaches(state: RemoteState, damaged: ReadonlyMap<string, DamagedFile>): RemoteState['caches'] {
  return state.caches.filter(({ file }) => !damaged.has(filePath('caches', file)));
}

/** Returns what becomes of a group: it stays, or its sound segments do. */
function replacedGroup(
  group: GroupEntry,
  after: ReadonlyMap<string, GroupEntry | undefined>,
): readonly GroupEntry[] {
  if (!after.has(group.index)) return [group];
  const rest = after.get(group.index);
  return rest === undefined ? [] : [{ ...rest, kind: group.kind }];
}

function isListed(state: RemoteState, groups: readonly GroupEntry[], cacheFiles: readonly string[]): boolean {
  const indexes = new Set(state.groups.map(({ index }) => index));
  const caches = new Set(state.caches.map(({ file }) => file));
  return groups.every(({ index }) => indexes.has(index)) && cacheFiles.every((file) => caches.has(file));
}

async function unlessDamaged<Result>(act: () => Promise<Result>): Promise<Result | 'damaged'> {
  try {
    return await act();
  } catch (error) {
    if (isDmlError(error) && error.code === 'remote_damaged' && error.detail !== 'missing') return 'damaged';
    throw error;
  }
}
