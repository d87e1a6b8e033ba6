import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry, SegmentEntry } from '../format/group.ts';
import type { IndexObject, IndexRow } from '../format/index-object.ts';
import type { Link, LinkedObject } from '../format/link.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { FileGone } from '../state/file-gone.ts';
import { CommitRows } from './commit-rows.ts';
import { count, type FetchSource, objectsIn } from './fetch-stream.ts';
import type { IndexMemory } from './index-memory.ts';
import { planRanges } from './plan-ranges.ts';
import { readAhead } from './read-ahead.ts';

/** Parts of segments, or index objects, that are read at the same time. */
const PARALLEL_READS = 4;

interface GroupIndex {
  readonly group: GroupEntry;
  readonly index: IndexObject;
  commits?: CommitRows;
}

/** The index objects of the groups of a state: where each object lies. */
export class GroupIndexes {
  readonly #indexes: readonly GroupIndex[];

  private constructor(indexes: readonly GroupIndex[]) {
    this.#indexes = indexes;
  }

  /**
   * Reads the index objects of groups, the newest first, since what is asked for is mostly new; not those that are in the
   * memory. Throws `FileGone`.
   */
  static async read(
    source: FetchSource,
    groups: readonly GroupEntry[],
    memory?: IndexMemory,
  ): Promise<GroupIndexes> {
    const tasks = [...groups].reverse().map((group) => async () => ({
      group,
      index: memory?.get(group) ?? (await readAnew(source, group)),
    }));
    const indexes: GroupIndex[] = [];
    for await (const { group, index } of readAhead(tasks, PARALLEL_READS)) {
      if (index === undefined) throw new FileGone(filePath('indexes', group.index));
      memory?.put(group, index);
      indexes.push({ group, index });
    }
    return new GroupIndexes(indexes);
  }

  /** Returns index objects that were read before, of groups of which the oldest is the first. */
  static over(indexes: readonly { readonly group: GroupEntry; readonly index: IndexObject }[]): GroupIndexes {
    return new GroupIndexes([...indexes].reverse());
  }

  has(objectClass: ObjectClass, id: ObjectId): boolean {
    return this.groupOf(objectClass, id) !== undefined;
  }

  /** Returns the newest group that has an object; undefined where none does. */
  groupOf(objectClass: ObjectClass, id: ObjectId): GroupEntry | undefined {
    return this.#indexes.find(({ index }) => index.find(objectClass, id) !== undefined)?.group;
  }

  /** Yields the commits that lie before one in its segment, the nearest first, as its history does. */
  *commitsBefore(id: ObjectId): Generator<Link, void, undefined> {
    for (const each of this.#indexes) {
      const position = each.index.find('commit', id);
      if (position === undefined) continue;
      each.commits ??= new CommitRows(each.index);
      yield* each.commits.before(position);
      return;
    }
  }

  /** Yields those of some objects that a group has, checked. Throws `FileGone` and `remote_damaged`. */
  async *readObjects(
    source: FetchSource,
    links: readonly Link[],
  ): AsyncGenerator<LinkedObject, void, undefined> {
    const tasks = this.#bySegment(links).flatMap(({ entry, rows }) =>
      planRanges(rows).map((range) => async () => {
        const path = filePath('segments', entry.file);
        return { path, range, part: await source.files.read(path, range) };
      }),
    );
    for await (const { path, range, part } of readAhead(tasks, PARALLEL_READS)) {
      if (part === undefined) throw new FileGone(path);
      count(source, part.length);
      source.counts.objects += range.rows.length;
      yield* objectsIn(part, range, { remote: source.files.name, path });
    }
  }

  #bySegment(links: readonly Link[]): { readonly entry: SegmentEntry; readonly rows: readonly IndexRow[] }[] {
    const bySegment = new Map<string, { readonly entry: SegmentEntry; readonly rows: IndexRow[] }>();
    for (const { class: objectClass, id } of links) {
      for (const { group, index } of this.#indexes) {
        const position = index.find(objectClass, id);
        if (position === undefined) continue;
        const entry = group.segments[position.segment] as SegmentEntry;
        const wanted = bySegment.get(entry.file) ?? { entry, rows: [] };
        wanted.rows.push({ class: objectClass, id, ...position });
        bySegment.set(entry.file, wanted);
        break;
      }
    }
    return [...bySegment.values()];
  }
}

async function readAnew(source: FetchSource, group: GroupEntry): Promise<IndexObject | undefined> {
  const index = await readIndex(source.files, group);
  if (index !== undefined) count(source, group.bytes);
  return index;
}
