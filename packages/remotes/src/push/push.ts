import type { CommitId, ObjectId, StubRecord } from '@daggerml/object-model';
import {
  isLeftOut,
  type ObjectBlock,
  type OutgoingHost,
  outgoingObjects,
  type RefName,
  type StubFacts,
} from '@daggerml/store';
import { assertInternal } from '../federation/remote-purpose.ts';
import { type Absence, absenceOf, isExcised, readAbsences, withAbsences } from '../format/absences.ts';
import type { GroupEntry } from '../format/group.ts';
import type { IndexObject } from '../format/index-object.ts';
import { SEGMENT_BYTES, type SentObject } from '../format/segment.ts';
import { readIndex, rewriteGroups } from '../levels/merge-groups.ts';
import { planMerge } from '../levels/plan-merge.ts';
import { checkNewOnRemote } from '../refs/local-ref.ts';
import { type NearbyHost, nearbyRefs } from '../refs/nearby-refs.ts';
import { RefReader } from '../refs/ref-reader.ts';
import type { Remote } from '../remote.ts';
import { advance, type StateChange } from '../state/advance.ts';
import { onState } from '../state/on-state.ts';
import { readBase } from '../state/read-base.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import type { StateMemory } from '../state/state-memory.ts';
import { assertThere } from './assert-there.ts';
import { dryFiles, type TransferCost } from './dry-files.ts';
import { moveTracking } from './move-tracking.ts';
import { planRefs, type RefMove, type RefPush } from './plan-refs.ts';
import { putAbsences } from './put-absences.ts';
import { GroupWriter, type PutProgress, sentObject } from './put-groups.ts';

/** Bytes that are put before they are made known, so that a push that is cut need not put them again. */
const LOOSE_BYTES = 256 * 2 ** 20;

/** A store whose commits are pushed. */
export type PushHost = OutgoingHost & NearbyHost;

/** A push of refs to a remote. */
export interface PushOptions {
  readonly store: PushHost;
  /** Name of the remote in this repository, in the names of its tracking refs. */
  readonly remoteName: string;
  readonly pushes: readonly RefPush[];
  readonly memory: StateMemory;
  /** Plans everything and writes nothing, here or there. */
  readonly isDryRun?: boolean | undefined;
  /** For the journal of the remote; names the refs by default. */
  readonly reason?: string | undefined;
  readonly segmentBytes?: number | undefined;
  readonly looseBytes?: number | undefined;
  /** Source of what commits reach and known commits do not; the store by default. */
  readonly outgoing?:
    | ((tips: readonly CommitId[], known: readonly CommitId[]) => AsyncIterable<ObjectBlock>)
    | undefined;
  readonly onProgress?: ((progress: Readonly<PutProgress>) => void) | undefined;
}

/** Result of a push. */
export interface PushResult {
  /** Cost of the push by a dry run; undefined for a push that was made. */
  readonly cost: Readonly<TransferCost> | undefined;
  /** Refs that moved; empty where all were in place. */
  readonly moves: readonly RefMove[];
  readonly objects: number;
  /** Bytes of the segments that were put. */
  readonly bytes: number;
  /** The state in effect after it. */
  readonly snapshot: RemoteSnapshot | undefined;
  /** Refs of the remote after it, without `refs/`, of the kinds that have few. */
  readonly refs: Readonly<Record<string, CommitId>>;
}

/** Files that a push has put for its refs in one epoch. */
interface Prepared {
  readonly epoch: number;
  readonly tips: ReadonlySet<CommitId>;
  /** Groups that hold what the remote lacked, some of which may be listed as loose ones already. */
  readonly groups: readonly GroupEntry[];
  /** Index objects of the loose groups that hold something of it. */
  readonly used: ReadonlySet<string>;
  readonly absences: readonly Absence[];
}

/**
 * Pushes refs with all that they reach: puts the objects that the remote lacks, then a state with the new refs, which
 * takes effect as a whole or not at all. Tracking refs follow.
 *
 * Throws `remote_missing` with `vanished` where the remote that is remembered is not there, and `push_stale` with `back`
 * where it went back to an earlier state. Throws `ref_name_invalid` for a target that no new ref may be called, before any request; `push_not_fast_forward` and
 * `push_stale` where a ref may not move, `push_unknown` where nobody can say whether
 * it did, `remote_busy`, `object_missing` for a commit that is not whole here, `object_withheld` for what was left out
 * here and the remote lacks, and what the remote's files throw.
 */
export async function push(remote: Remote, options: PushOptions): Promise<PushResult> {
  // Nobody could fetch from the remote, or make the branch. @spec DML-REM-1870
  for (const { ref, commitId } of options.pushes)
    if (commitId !== null) checkNewOnRemote(ref, options.remoteName);
  if (options.isDryRun !== true) return { ...(await pushOnce(remote, options)), cost: undefined };
  // @spec DML-REM-0805
  const files = dryFiles(remote.files);
  const memory = { ...options.memory, remember: async () => {} };
  return { ...(await pushOnce({ ...remote, files }, { ...options, memory })), cost: files.cost };
}

async function pushOnce(remote: Remote, options: PushOptions): Promise<Omit<PushResult, 'cost'>> {
  const { store, remoteName, isDryRun } = options;
  const recalled = await options.memory.recall();
  // @spec DML-REM-0813
  const first = await readBase(remote.files, recalled, remoteName);
  const work = new Push(remote, options);
  const prepared = await onState(remote.files, first, (base) => work.prepare(base));
  const { snapshot } = await advance(remote, (base) => work.propose(base), { first: prepared.result });
  const known = snapshot.version === undefined ? undefined : { ...snapshot, version: snapshot.version };
  await options.memory.remember(known);
  await work.refs.remember();
  // Nobody knows where a ref is whose push has no known outcome: that has thrown. @spec DML-REM-0705
  if (isDryRun !== true) moveTracking(store, work.moves, { remoteName, actor: remote.actor });
  return { moves: work.moves, ...work.counts, snapshot: known, refs: snapshot.state.refs };
}

class Push {
  readonly #remote: Remote;
  readonly #options: PushOptions;
  readonly #segmentBytes: number;
  #prepared: Prepared | undefined;
  #mayMerge = true;
  moves: readonly RefMove[] = [];
  readonly refs: RefReader;
  readonly counts = { objects: 0, bytes: 0 };

  constructor(remote: Remote, options: PushOptions) {
    this.#remote = remote;
    this.#options = options;
    this.refs = new RefReader(remote.files, options.memory);
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  }

  async #plan({ state }: RemoteSnapshot): Promise<readonly RefMove[]> {
    const { store, pushes } = this.#options;
    assertInternal(state, this.#remote.files.name);
    const refs = await (await this.refs.of(state)).some(pushes.map(({ ref }) => keyOf(ref)));
    return planRefs({ refs }, pushes, { reader: store, remote: this.#remote.files.name }).moves;
  }

  /** Returns commits that the remote has: those of its refs, or of the nearest ones where there are many. */
  async #known({ state }: RemoteSnapshot, moves: readonly RefMove[]): Promise<readonly CommitId[]> {
    const inState = Object.values(state.refs);
    if (state.trees === undefined) return inState;
    const { store, remoteName } = this.#options;
    const tips = moves.flatMap(({ after }) => (after === null ? [] : [after]));
    const nearby = nearbyRefs(store, remoteName, tips);
    // What was there may be gone by now.
    const there = await (await this.refs.of(state)).some(nearby.map(({ key }) => key));
    const moved = moves.flatMap(({ before }) => (before === null ? [] : [before]));
    return [
      ...new Set([
        ...inState,
        ...moved,
        ...nearby.flatMap(({ key, commitId }) => (there[key] === commitId ? [commitId] : [])),
      ]),
    ];
  }

  /** Puts what the remote lacks, and returns the state that is in effect then. */
  async prepare(base: RemoteSnapshot): Promise<RemoteSnapshot> {
    const moves = await this.#plan(base);
    const tips = moves.flatMap(({ after }) => (after === null ? [] : [after]));
    const { epoch } = base.state;
    if (tips.length === 0) {
      this.#prepared = { epoch, tips: new Set(), groups: [], used: new Set(), absences: [] };
      return base;
    }
    const loose = await this.#readLoose(base);
    const excised = await readAbsences(this.#remote.files, base.state.absences);
    const used = new Set<string>();
    const groups: GroupEntry[] = [];
    const absences: Absence[] = [];
    const leftOut: StubFacts[] = [];
    let snapshot = base;
    let writer = this.#writer(epoch);
    try {
      const { store, outgoing = (...args) => outgoingObjects(store, ...args) } = this.#options;
      // @spec DML-REM-0816
      // @spec DML-REM-0509
      // @spec DML-REM-0808
      for await (const block of outgoing(tips, await this.#known(base, moves))) {
        const object = sentObject(block);
        if (object === undefined) {
          // @spec DML-REM-0809
          // @spec DML-REM-0815
          const absence = absenceOf(block.bytes);
          const { record } = absence ?? {};
          if (record?.type === 'stub' && isLeftOut(record.domain)) leftOut.push(stubFacts(record));
          else if (absence !== undefined) absences.push(absence);
          continue;
        }
        // @spec DML-REM-0821
        if (isExcised(excised, object) || isThere(loose, object, used)) continue;
        const put = writer.add(object);
        if (put !== undefined) await put;
        if (writer.putBytes < (this.#options.looseBytes ?? LOOSE_BYTES)) continue;
        // @spec DML-REM-0818
        snapshot = await this.#makeKnown(await this.#finish(writer, groups), snapshot);
        if (snapshot.state.epoch !== epoch) return await this.prepare(snapshot);
        writer = this.#writer(epoch);
      }
      const { groups: there, refs } = snapshot.state;
      // Before the last files are put, which are all of a small push. @spec DML-REM-1879
      await assertThere(this.#remote, store, { groups: there, tips: Object.values(refs), leftOut });
      await this.#finish(writer, groups);
    } finally {
      await writer.abandon();
    }
    for (const { index } of groups) used.add(index);
    this.#prepared = { epoch, tips: new Set(tips), groups, used, absences };
    return snapshot;
  }

  #writer(epoch: number): GroupWriter {
    const { onProgress } = this.#options;
    return new GroupWriter(this.#remote, {
      epoch,
      kind: 'objects',
      segmentBytes: this.#segmentBytes,
      onProgress,
    });
  }

  async #finish(writer: GroupWriter, groups: GroupEntry[]): Promise<GroupEntry | undefined> {
    const group = await writer.finish();
    this.counts.objects += writer.objectCount;
    this.counts.bytes += writer.putBytes;
    if (group !== undefined) groups.push(group);
    return group;
  }

  /** Lists a group as a loose one, with unchanged refs. */
  async #makeKnown(group: GroupEntry | undefined, from: RemoteSnapshot): Promise<RemoteSnapshot> {
    if (group === undefined) return from;
    const epoch = from.state.epoch;
    const { snapshot } = await advance(
      this.#remote,
      async (base) =>
        base.state.epoch === epoch
          ? {
              reason: 'objects of a push under way',
              groups: [...base.state.groups, { ...group, kind: 'loose' as const }],
            }
          : undefined,
      { first: from },
    );
    return snapshot.version === undefined
      ? await readSnapshot(this.#remote.files)
      : { ...snapshot, version: snapshot.version };
  }

  async #readLoose({ state }: RemoteSnapshot): Promise<ReadonlyMap<string, IndexObject>> {
    const loose = new Map<string, IndexObject>();
    for (const group of state.groups) {
      const index = group.kind === 'loose' ? await readIndex(this.#remote.files, group) : undefined;
      if (index !== undefined) loose.set(group.index, index);
    }
    return loose;
  }

  /** Returns the change of a state that this push is. */
  async propose(base: RemoteSnapshot): Promise<StateChange | undefined> {
    const moves = await this.#plan(base);
    this.moves = moves;
    if (moves.length === 0) return undefined;
    const isPrepared = (prepared: Prepared | undefined): prepared is Prepared =>
      prepared?.epoch === base.state.epoch &&
      moves.every(({ after }) => after === null || prepared.tips.has(after));
    // @spec DML-REM-0817
    if (!isPrepared(this.#prepared)) await this.prepare(base);
    const prepared = this.#prepared as Prepared;
    const listed = new Set(base.state.groups.map(({ index }) => index));
    const groups = base.state.groups.map((group) =>
      prepared.used.has(group.index) ? { ...group, kind: 'objects' as const } : group,
    );
    groups.push(...prepared.groups.filter(({ index }) => !listed.has(index)));
    const changes = moves.map(({ ref, before, after }) => ({ key: keyOf(ref), before, after }));
    const { refs, trees, group } = await (await this.refs.of(base.state)).write(
      this.#remote,
      changes,
      this.#segmentBytes,
    );
    if (group !== undefined) groups.push(group);
    return {
      reason: this.#options.reason ?? reasonOf(moves),
      // @spec DML-REM-0812
      refs,
      trees,
      groups: await this.#merged(groups, base.state.epoch),
      absences: await this.#absences(base, prepared.absences),
    };
  }

  /** Merges small groups, once for each push. */
  async #merged(groups: readonly GroupEntry[], epoch: number): Promise<readonly GroupEntry[]> {
    // Cache indexes say where the outcomes of groups of the cache lie: whoever publishes outcomes merges those.
    const own = groups.filter(({ kind }) => kind !== 'cache');
    const chosen = this.#mayMerge ? planMerge(own, this.#segmentBytes) : [];
    this.#mayMerge = false;
    const [first] = chosen;
    if (first === undefined) return groups;
    const segmentBytes = this.#segmentBytes;
    const merged = await rewriteGroups(this.#remote, chosen, { epoch, kind: first.kind, segmentBytes });
    if (merged === 'gone') return groups;
    // @spec DML-REM-0508
    const others = groups.filter((group) => !chosen.includes(group));
    return merged === undefined ? others : [...others, merged];
  }

  /** Returns the name of the file of absences, which is put where this push adds some. */
  async #absences(base: RemoteSnapshot, added: readonly Absence[]): Promise<string | null> {
    if (added.length === 0) return base.state.absences;
    const present = await readAbsences(this.#remote.files, base.state.absences);
    // @spec DML-REM-0822
    return putAbsences(this.#remote, withAbsences(present, added), { before: present, state: base.state });
  }
}

/** Checks whether an object is in a loose group, and notes which. @spec DML-REM-0807 */
function isThere(
  loose: ReadonlyMap<string, IndexObject>,
  { class: objectClass, id }: SentObject,
  used: Set<string>,
): boolean {
  for (const [name, index] of loose)
    if (index.find(objectClass, id) !== undefined) {
      used.add(name);
      return true;
    }
  return false;
}

function stubFacts({ objectClass, objectId, domain, timeMs }: StubRecord): StubFacts {
  return { class: objectClass, objectId: objectId as ObjectId, domain, timeMs };
}

/** Returns the name of a ref as a state has it: `heads/main`. */
function keyOf(ref: RefName): string {
  return ref.slice('refs/'.length);
}

function reasonOf(moves: readonly RefMove[]): string {
  const names = moves.map(({ ref, kind }) => `${kind === 'deleted' ? 'delete ' : ''}${ref.slice(5)}`);
  const text = `push ${names.join(', ')}`;
  return text.length <= 1024 ? text : `${text.slice(0, 1000)} and others`;
}
