import type { ObjectBlock } from '@daggerml/store';
import { putNewFile } from '../files/put-new-file.ts';
import type { GroupEntry, GroupKind, SegmentEntry } from '../format/group.ts';
import { IndexRows } from '../format/index-object.ts';
import { SEGMENT_BYTES, SegmentWriter, type SentObject } from '../format/segment.ts';
import type { Remote } from '../remote.ts';

/** Objects, bytes and requests of a group so far. */
export interface PutProgress {
  objects: number;
  bytes: number;
  requests: number;
}

/** Segments that are put at the same time; each is held in memory. */
const PARALLEL_PUTS = 3;

/** Files that objects are written to. */
export interface GroupOptions {
  readonly epoch: number;
  readonly kind: GroupKind;
  readonly segmentBytes?: number | undefined;
  readonly onProgress?: ((progress: Readonly<PutProgress>) => void) | undefined;
  /** Hears of the bytes of the index object once it was put. */
  readonly onIndex?: ((bytes: Buffer) => void) | undefined;
}

/** Puts objects into segments and, at the end, their index object; holds at most a few segments in memory. */
export class GroupWriter {
  readonly #remote: Remote;
  readonly #options: GroupOptions;
  readonly #rows: IndexRows = new IndexRows();
  readonly #writer: SegmentWriter;
  readonly #segments: SegmentEntry[] = [];
  readonly #puts = new Set<Promise<void>>();
  readonly #progress: PutProgress = { objects: 0, bytes: 0, requests: 0 };
  #failure: { readonly error: unknown } | undefined;

  constructor(remote: Remote, options: GroupOptions) {
    this.#remote = remote;
    this.#options = options;
    this.#writer = new SegmentWriter(this.#rows, options.segmentBytes ?? SEGMENT_BYTES);
  }

  get objectCount(): number {
    return this.#progress.objects;
  }

  /** Bytes of the segments that are full. */
  get putBytes(): number {
    return this.#progress.bytes;
  }

  /** Adds an object; returns what to wait for before the next one, undefined where that is nothing, as mostly. */
  add(object: SentObject): Promise<void> | undefined {
    this.#progress.objects += 1;
    const full = this.#writer.add(object);
    return full && this.#put(full);
  }

  async #put(segment: Buffer): Promise<void> {
    const file = putNewFile(this.#remote, 'segments', { epoch: this.#options.epoch, bytes: segment });
    this.#segments.push({ bytes: segment.length, file: file.name });
    const put: Promise<void> = file.put
      // One that failed may still be on its way.
      .then(() => this.#writer.reuse(segment))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#puts.delete(put);
        this.#progress.bytes += segment.length;
        this.#progress.requests += 1;
        this.#options.onProgress?.(this.#progress);
      });
    this.#puts.add(put);
    while (this.#puts.size >= PARALLEL_PUTS) await Promise.race(this.#puts);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Puts what is left and the index object; returns the group, undefined where nothing was added. */
  async finish(): Promise<GroupEntry | undefined> {
    const last = this.#writer.finish();
    if (last !== undefined) await this.#put(last);
    await Promise.all(this.#puts);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#rows.count === 0) return undefined;
    // @spec DML-REM-0814
    const { bytes, entries } = this.#rows.encode(this.#segments.map(({ file }) => file));
    const index = putNewFile(this.#remote, 'indexes', { epoch: this.#options.epoch, bytes });
    await index.put;
    this.#options.onIndex?.(bytes);
    return {
      bytes: bytes.length,
      entries,
      index: index.name,
      kind: this.#options.kind,
      segments: this.#segments,
    };
  }

  /** Waits for what is under way, however it ends. */
  async abandon(): Promise<void> {
    await Promise.all(this.#puts);
  }
}

/** Returns the object of a block, undefined for a tombstone or stub. */
export function sentObject({ class: objectClass, link, bytes }: ObjectBlock): SentObject | undefined {
  return objectClass && { class: objectClass, id: link.id, bytes };
}
