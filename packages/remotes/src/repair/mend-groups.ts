import { filePath } from '../format/file-path.ts';
import type { GroupKind } from '../format/group.ts';
import { IndexObject, type IndexRow } from '../format/index-object.ts';
import { type Link, LinkSet } from '../format/link.ts';
import type { SentObject } from '../format/segment.ts';
import { GroupWriter, type PutProgress } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';
import type { GroupRemains, IndexedGroup } from './group-remains.ts';
import { readRows } from './readable-records.ts';

/** Objects that a repair has put, and those among them that were read from damaged segments. */
export interface MendCounts {
  objects: number;
  bytes: number;
  salvaged: number;
}

export interface MendOptions {
  readonly epoch: number;
  readonly kind: GroupKind;
  readonly segmentBytes?: number | undefined;
  readonly onProgress?: ((done: Readonly<PutProgress>) => void) | undefined;
  readonly counts: MendCounts;
}

/** Writes groups of what damaged ones held, for one kind of groups. */
export class GroupMender {
  readonly #remote: Remote;
  readonly #options: MendOptions;
  readonly #indexed: IndexedGroup[] = [];
  readonly #there = new LinkSet();
  /** Groups that were put, besides index objects over sound segments. */
  readonly added: IndexedGroup[] = [];

  /** Creates a mender that takes what some groups hold for readable. */
  constructor(remote: Remote, sound: readonly IndexedGroup[], options: MendOptions) {
    this.#remote = remote;
    this.#options = options;
    for (const each of sound) this.#take(each);
  }

  /** Groups that can be read, the oldest first. */
  get indexed(): readonly IndexedGroup[] {
    return this.#indexed;
  }

  /** Checks whether a readable group has an object. */
  has(link: Link): boolean {
    return this.#there.has(link);
  }

  #take(each: IndexedGroup): void {
    this.#indexed.push(each);
    const { index } = each;
    for (let number = 0; number < index.count; number += 1) this.#there.add(index.row(number));
  }

  /**
   * Puts what damaged segments held and no readable group has: each record that can still be read, and what `local`
   * returns in place of any other. Each is put once.
   *
   * @spec DML-REM-1905
   */
  async mend(
    remains: readonly GroupRemains[],
    {
      isLeft,
      local,
    }: { isLeft: (row: IndexRow) => boolean; local: (row: IndexRow) => Uint8Array | undefined },
  ): Promise<void> {
    for (const { sound } of remains) if (sound !== undefined) this.#take(sound);
    const put = new LinkSet();
    const objects = async function* (this: GroupMender): AsyncGenerator<SentObject, void, undefined> {
      for (const { damaged } of remains)
        for (const { entry, rows } of damaged) {
          // What others have put before need not be put again. @spec DML-REM-1907
          const wanted = rows.filter((row) => !isLeft(row) && !this.has(row));
          for await (const { row, bytes } of readRows(this.#remote.files, entry, wanted)) {
            const found = put.has(row) ? undefined : (bytes ?? local(row));
            if (found === undefined) continue;
            put.add(row);
            if (bytes !== undefined) this.#options.counts.salvaged += 1;
            yield { class: row.class, id: row.id, bytes: found };
          }
        }
    };
    await this.add(objects.call(this));
  }

  /** Puts objects into a group of their own, which is readable from then on. */
  async add(objects: AsyncIterable<SentObject> | Iterable<SentObject>): Promise<IndexedGroup | undefined> {
    const { counts, ...options } = this.#options;
    let indexBytes: Buffer | undefined;
    const onIndex = (bytes: Buffer): void => {
      indexBytes = bytes;
    };
    const writer = new GroupWriter(this.#remote, { ...options, onIndex });
    try {
      for await (const object of objects) {
        const put = writer.add(object);
        if (put !== undefined) await put;
      }
      const group = await writer.finish();
      if (group === undefined || indexBytes === undefined) return undefined;
      const path = filePath('indexes', group.index);
      const made = { group, index: IndexObject.parse(indexBytes, { remote: this.#remote.files.name, path }) };
      counts.objects += writer.objectCount;
      counts.bytes += writer.putBytes;
      this.#take(made);
      this.added.push(made);
      return made;
    } finally {
      await writer.abandon();
    }
  }
}
