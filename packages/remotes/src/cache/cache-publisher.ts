import type { ExecId, ExecutionKey, ObjectClass } from '@daggerml/object-model';
import { assertInternal } from '../federation/remote-purpose.ts';
import { type Absences, isExcised } from '../format/absences.ts';
import { type CacheRow, type CacheSignature, MAX_FENCING, outranks } from '../format/cache-row.ts';
import { CacheRows } from '../format/cache-rows.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import { IndexObject } from '../format/index-object.ts';
import { type LinkedObject, LinkSet } from '../format/link.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';
import { planMerge } from '../levels/plan-merge.ts';
import { GroupWriter } from '../push/put-groups.ts';
import { advance, LATE, type StateChange } from '../state/advance.ts';
import type { RemoteSnapshot } from '../state/read-snapshot.ts';
import type { CacheReader } from './cache-reader.ts';
import type { CacheView } from './cache-view.ts';
import { type CacheLists, type MergedCaches, mergeCaches, type PutCache, putCache } from './merge-caches.ts';
import { placeExecs } from './place-execs.ts';
import { SmallInputs } from './small-inputs.ts';
import { answeringExec, type OutcomeSource, ownIds, walkOutcome } from './walk-outcome.ts';

/** An outcome to publish. */
export interface OutcomeToPublish {
  readonly executionKey: ExecutionKey;
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** Number of the claim under which it was computed. */
  readonly fencing: number | undefined;
}

/** Outcomes to publish, which may be made as they are asked for. */
export interface OutcomeList {
  readonly length: number;
  slice(from: number, to: number): readonly OutcomeToPublish[];
}

/** Source of the objects of outcomes. */
export interface OutcomeObjects {
  getBytes(objectClass: ObjectClass, id: string): Uint8Array | undefined;
}

/** Outcomes of a publication. */
export interface PublishCounts {
  published: number;
  /** Outcomes of which the cache has one that goes before them, or this very one. */
  outranked: number;
  /** Outcomes that may not be published: of something else, incomplete, or with excised parts. */
  refused: number;
  objects: number;
  /** Bytes of the segments that were put. */
  bytes: number;
}

/** Kind of a publication. */
export interface PublicationKind {
  /**
   * True for outcomes that were kept, and nothing has just run: entries of the same status stay, and small input values
   * are published along for those who take outcomes without asking for their keys.
   */
  readonly isOfKept?: boolean | undefined;
}

export interface CachePublisherOptions {
  /** Signs exec ids; entries are not signed by default. */
  readonly sign?: ((execId: ExecId) => CacheSignature) | undefined;
  readonly segmentBytes?: number | undefined;
  /** Bytes after which what was put is made known; 256 MiB by default. */
  readonly batchBytes?: number | undefined;
  /** Hears of the objects and bytes of a publication as they are put. */
  readonly onProgress?: ((progress: Pick<PublishCounts, 'objects' | 'bytes'>) => void) | undefined;
}

/** Bytes that are put before they are made known. @spec DML-REM-1219 */
const BATCH_BYTES = 256 * 2 ** 20;
/** Entries after which what was put is made known. */
const BATCH_ENTRIES = 500_000;
/** Bytes of index objects that are read to learn what the cache has. */
const KNOWN_INDEX_BYTES = 16 * 2 ** 20;
/** Time for which a publication may lose to others. */
const BUSY_MS = 600_000;
/** Of so many publications that others got in the way of one merges. */
const CROWD = 4;
/** Objects that are remembered as put. */
const MAX_PUT_OBJECTS = 2_000_000;

/** Publishes outcomes to the cache of a remote. */
export class CachePublisher {
  readonly #view: CacheView;
  readonly #reader: CacheReader;
  readonly #sign: CachePublisherOptions['sign'];
  readonly #segmentBytes: number;
  readonly #batchBytes: number;
  readonly #onProgress: CachePublisherOptions['onProgress'];
  /** Objects that this process has put, and those of them of which inputs were left out. */
  #put = new LinkSet();
  readonly #smallInputs = new SmallInputs();
  #open = new LinkSet();
  /** File of absences that was looked at for them. */
  #absences: string | null = null;
  /** Epoch in which they were put. */
  #epoch = -1;
  #knowsIndexes = false;
  /** Others got in the way of the last publication. */
  #isCrowded = false;
  #publishing: Promise<unknown> = Promise.resolve();

  constructor(view: CacheView, reader: CacheReader, options: CachePublisherOptions = {}) {
    this.#view = view;
    this.#reader = reader;
    this.#sign = options.sign;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#batchBytes = options.batchBytes ?? BATCH_BYTES;
    this.#onProgress = options.onProgress;
  }

  /**
   * Publishes outcomes with everything that they are made of. Those that are not to be published are left out. Throws
   * `push_unknown`, `remote_busy` and what the remote's files throw.
   */
  publish(outcomes: OutcomeList, source: OutcomeObjects, kind: PublicationKind = {}): Promise<PublishCounts> {
    const publish = (): Promise<PublishCounts> => this.#publish(new Publication(outcomes, source, kind));
    const published = this.#publishing.then(publish, publish);
    this.#publishing = published;
    return published;
  }

  async #publish(publication: Publication): Promise<PublishCounts> {
    await this.#view.snapshot();
    if (!this.#knowsIndexes) await this.#view.again(() => this.#view.groups.readNewest(KNOWN_INDEX_BYTES));
    this.#knowsIndexes = true;
    while (!publication.isOver) await this.#publishBatch(publication);
    return publication.counts;
  }

  /** Puts as much as makes a batch, and makes it known. */
  async #publishBatch(publication: Publication): Promise<void> {
    const start = publication.at;
    const isCrowded = this.#isCrowded;
    let batch: Batch | undefined;
    let tries = 0;
    let put: readonly PutCache[] = [];
    try {
      const { snapshot, isChanged } = await advance(
        this.#view.remote,
        async (base) => {
          assertInternal(base.state, this.#view.remote.files.name);
          // What was put in an earlier epoch may be gone.
          if (batch === undefined || batch.epoch !== base.state.epoch) {
            if (batch !== undefined) this.#forget();
            publication.at = start;
            batch = await this.#prepare(publication, base);
            // It took a while, in which others have probably been faster. @spec DML-REM-1138
            if (isCrowded && batch.group !== undefined) return LATE;
          }
          if (batch.rows.length === 0 || batch.group === undefined) return undefined;
          const isLate = isCrowded || tries > 0;
          if (this.#isToMerge(base, batch, isLate)) {
            await this.#merge(isLate ? await this.#view.refresh() : base, batch, batch.group);
            if (isLate) return LATE;
          }
          tries += 1;
          const proposed = await this.#propose(base, batch, batch.group);
          put = proposed.put;
          return proposed.change;
        },
        { first: await this.#view.snapshot(), busyMs: BUSY_MS },
      );
      if (batch !== undefined) publication.count(batch.counts);
      if (isChanged) await this.#adopt(snapshot, put);
      if (isChanged) this.#isCrowded = tries > 1;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /**
   * Checks whether what a state lists is to be merged along with a batch. Where many publish at the same time, some of
   * them do it for all.
   */
  #isToMerge({ state }: RemoteSnapshot, batch: Batch, isCrowded: boolean): boolean {
    if (batch.merged?.applyTo(state) !== undefined) return false;
    if (!isCrowded) return true;
    const [random = 0] = this.#view.remote.randomBytes(1);
    const groups = [...state.groups.filter(({ kind }) => kind === 'cache'), batch.group as GroupEntry];
    return random < 256 / CROWD && planMerge(groups, this.#segmentBytes).length > 0;
  }

  async #adopt(
    snapshot: Omit<RemoteSnapshot, 'version'> & { readonly version: string | null | undefined },
    put: readonly PutCache[],
  ): Promise<void> {
    const { version } = snapshot;
    const written = new Map(put.map(({ entry, index }) => [entry.file, index]));
    try {
      if (version === undefined) this.#view.expire();
      else await this.#view.adopt({ ...snapshot, version }, written);
    } catch {
      // What was published is published; whoever asks next meets what is wrong.
      this.#view.expire();
    }
  }

  #forget(): void {
    this.#put = new LinkSet();
    this.#open = new LinkSet();
  }

  /** Puts the objects of outcomes from where a publication stands, until they make a batch. */
  async #prepare(publication: Publication, { state }: RemoteSnapshot): Promise<Batch> {
    const { epoch } = state;
    const absences = await this.#view.absences();
    // What was put before may have been excised since, or dropped by a collection.
    if (state.absences !== this.#absences || epoch !== this.#epoch) this.#forget();
    this.#absences = state.absences;
    this.#epoch = epoch;
    let indexBytes: Buffer | undefined;
    const writer = new GroupWriter(this.#view.remote, {
      epoch,
      kind: 'cache',
      segmentBytes: this.#segmentBytes,
      onIndex: (bytes) => {
        indexBytes = bytes;
      },
      onProgress: ({ objects, bytes }) => {
        const { counts: before } = publication;
        this.#onProgress?.({ objects: before.objects + objects, bytes: before.bytes + bytes });
      },
    });
    const entries: Omit<CacheRow, 'place'>[] = [];
    const putExecs = new LinkSet();
    const counts = noCounts();
    try {
      const { outcomes } = publication;
      while (!publication.isOver && writer.putBytes < this.#batchBytes && entries.length < BATCH_ENTRIES) {
        const slice = outcomes.slice(publication.at, publication.at + SLICE_OUTCOMES);
        publication.at += slice.length;
        const known = await this.#view.again(() =>
          this.#view.entriesOf(slice.map(({ executionKey }) => executionKey)),
        );
        for (const outcome of slice) {
          const fencing = this.#numberOf(outcome, known.get(outcome.executionKey)?.[0], publication.kind);
          if (fencing === undefined) {
            counts.outranked += 1;
            continue;
          }
          const objects = this.#objectsOf(outcome, publication, { absences, putExecs });
          if (objects === undefined) {
            counts.refused += 1;
            continue;
          }
          // @spec DML-REM-1218
          for (const object of objects) await writer.add(object);
          counts.objects += objects.length;
          const { executionKey, execId, status } = outcome;
          const signature = this.#sign?.(execId);
          entries.push({ executionKey, execId, status, fencing, ...(signature && { signature }) });
        }
      }
      const group = await writer.finish();
      counts.bytes = writer.putBytes;
      if (group === undefined || indexBytes === undefined)
        return { epoch, group: undefined, rows: [], counts };
      const path = filePath('indexes', group.index);
      const index = IndexObject.parse(indexBytes, { remote: this.#view.remote.files.name, path });
      const places = placeExecs(
        entries.map(({ execId }) => execId),
        index,
      );
      const rows = entries.flatMap((entry) => {
        const place = places.get(entry.execId);
        return place === undefined ? [] : [{ ...entry, place }];
      });
      counts.published = rows.length;
      return { epoch, group, rows, counts };
    } finally {
      await writer.abandon();
    }
  }

  /**
   * Returns the number under which an outcome is published; undefined where the entry in effect goes before it, or is
   * this very one.
   */
  #numberOf(
    { execId, status, fencing }: OutcomeToPublish,
    known: CacheRow | undefined,
    { isOfKept }: PublicationKind,
  ): number | undefined {
    if (known === undefined) return fencing ?? 0;
    // @spec DML-REM-1224
    if (this.#reader.isOutdone(known))
      return Math.min(MAX_FENCING, Math.max(fencing ?? 0, known.fencing + 1));
    // @spec DML-REM-1830
    if (isOfKept === true && known.status === status) return undefined;
    const number = fencing ?? known.fencing;
    return known.execId !== execId && outranks({ status, fencing: number }, known) ? number : undefined;
  }

  /** Returns the objects of an outcome that are to be put; undefined where it may not be published. */
  #objectsOf(
    { executionKey, execId, status }: OutcomeToPublish,
    { source, kind }: Publication,
    { absences, putExecs }: { readonly absences: Absences; readonly putExecs: LinkSet },
  ): readonly LinkedObject[] | undefined {
    const bytes = source.getBytes('exec', execId);
    const exec = bytes && answeringExec(bytes, executionKey);
    if (exec?.status !== status) return undefined;
    // Of an outcome that was found broken nobody knows how much is.
    const isBroken = this.#reader.brokenKeys.has(executionKey);
    const walked: OutcomeSource = {
      bytesOf: (link) => source.getBytes(link.class, link.id),
      // The exec itself may have been put as a part of another outcome.
      isWhole: (link) => link.id !== execId && !isBroken && this.#put.has(link) && !this.#open.has(link),
    };
    const left = new Set(ownIds(exec));
    if (kind.isOfKept === true) for (const id of this.#smallInputs.of(exec, walked)) left.delete(id);
    const { objects, missing } = walkOutcome({ class: 'exec', id: execId }, left, walked);
    if (missing.length > 0 || objects.some((object) => isExcised(absences, object))) return undefined;
    if (this.#put.size > MAX_PUT_OBJECTS) this.#forget();
    const added: LinkedObject[] = [];
    for (const { isWhole, ...object } of objects) {
      // @spec DML-REM-1220
      const isNew = this.#put.add(object);
      if (!isWhole) this.#open.add(object);
      const isThere = !this.#reader.lost.has(object) && this.#view.has(object);
      // An entry names a place in the group that is published with it. @spec DML-REM-1840
      const isToPut = object.id === execId ? !putExecs.has(object) : isNew && !isThere;
      if (!isBroken && !isToPut) continue;
      if (object.class === 'exec') putExecs.add(object);
      added.push(object);
    }
    return added;
  }

  /** Merges what a state lists with a batch, unless this process does not get to know all of it. */
  async #merge(base: RemoteSnapshot, batch: Batch, group: GroupEntry): Promise<void> {
    if (base.state.epoch !== batch.epoch) return;
    const lists = this.#listsOf(base);
    if (!lists.caches.every(({ file }) => this.#view.indexOf(file) !== undefined)) return;
    const { epoch, rows } = batch;
    batch.merged = await mergeCaches(this.#view, lists, {
      epoch,
      segmentBytes: this.#segmentBytes,
      group,
      rows,
    });
  }

  #listsOf({ state: { groups, caches } }: RemoteSnapshot): CacheLists {
    return { groups, caches: caches.filter(({ file }) => !this.#view.isLost(filePath('caches', file))) };
  }

  async #propose(
    base: RemoteSnapshot,
    batch: Batch,
    group: GroupEntry,
  ): Promise<{ readonly change: StateChange; readonly put: readonly PutCache[] }> {
    const lists = this.#listsOf(base);
    // @spec DML-REM-1935
    const reason = `publish ${batch.rows.length} ${batch.rows.length === 1 ? 'outcome' : 'outcomes'}`;
    const merged = batch.merged?.applyTo(lists);
    if (merged !== undefined) return { change: { reason, ...merged }, put: batch.merged?.put ?? [] };
    batch.cache ??= await putCache(this.#view.remote, rowsOf(batch), batch.epoch);
    const caches = [...lists.caches, batch.cache.entry];
    return { change: { reason, groups: [...lists.groups, group], caches }, put: [batch.cache] };
  }
}

/** Outcomes that are looked at together. */
const SLICE_OUTCOMES = 1_000;

/** A publication, and how far it has come. */
class Publication {
  readonly outcomes: OutcomeList;
  readonly source: OutcomeObjects;
  readonly kind: PublicationKind;
  readonly counts: PublishCounts = noCounts();
  at = 0;

  constructor(outcomes: OutcomeList, source: OutcomeObjects, kind: PublicationKind) {
    this.outcomes = outcomes;
    this.source = source;
    this.kind = kind;
  }

  get isOver(): boolean {
    return this.at >= this.outcomes.length;
  }

  count({ published, outranked, refused, objects, bytes }: PublishCounts): void {
    this.counts.published += published;
    this.counts.outranked += outranked;
    this.counts.refused += refused;
    this.counts.objects += objects;
    this.counts.bytes += bytes;
  }
}

function noCounts(): PublishCounts {
  return { published: 0, outranked: 0, refused: 0, objects: 0, bytes: 0 };
}

/** Outcomes that were put in one epoch. */
interface Batch {
  readonly epoch: number;
  readonly group: GroupEntry | undefined;
  readonly rows: readonly CacheRow[];
  readonly counts: PublishCounts;
  /** Cache index of the rows alone. */
  cache?: PutCache;
  /** The rows along with what was merged with them. */
  merged?: MergedCaches | undefined;
}

function rowsOf({ rows }: Batch): CacheRows {
  const packed = new CacheRows();
  for (const row of rows) packed.add(row);
  return packed;
}
