import { planRanges } from '../fetch/plan-ranges.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import {
  fanoutRange,
  findRow,
  INDEX_ROW_BYTES,
  type IndexObject,
  type RecordPosition,
} from '../format/index-object.ts';
import type { Link } from '../format/link.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { FileGone } from '../state/file-gone.ts';

/** Parts of an index object above which all of it is read. */
const MAX_PARTS = 64;
/** Files that are read at the same time. */
const PARALLEL_READS = 6;

/** Place of an object in a segment. */
export interface LocatedLink extends Link {
  /** Name of the segment without folder and suffix. */
  readonly segment: string;
  readonly offset: number;
  readonly length: number;
}

/** A group, and what was read of its index object. */
interface IndexedGroup {
  readonly group: GroupEntry;
  index: IndexObject | undefined;
  fanout: Buffer | undefined;
  /** Rows by the first byte of their ids. */
  readonly parts: Map<number, Buffer>;
}

/** Index objects of groups, read as far as they are needed. */
export class GroupIndexes {
  readonly #files: RemoteFiles;
  /** The newest first. */
  readonly #groups: readonly IndexedGroup[];
  /** Numbers of the segments, those of the oldest group first. */
  readonly #segments: ReadonlyMap<string, number>;
  /** Size up to which an index object is read whole. */
  readonly #wholeBytes: number;

  constructor(
    files: RemoteFiles,
    groups: readonly GroupEntry[],
    { wholeBytes, before }: { readonly wholeBytes: number; readonly before?: GroupIndexes },
  ) {
    this.#files = files;
    this.#wholeBytes = wholeBytes;
    const known = new Map((before ? before.#groups : []).map((each) => [each.group.index, each]));
    this.#groups = [...groups]
      .reverse()
      .map(
        (group) => known.get(group.index) ?? { group, index: undefined, fanout: undefined, parts: new Map() },
      );
    const names = groups.flatMap(({ segments }) => segments.map(({ file }) => file));
    this.#segments = new Map(names.map((name, number) => [name, number]));
  }

  /** Returns the index objects of other groups, with what is known of those that are among these. */
  of(groups: readonly GroupEntry[]): GroupIndexes {
    return new GroupIndexes(this.#files, groups, { wholeBytes: this.#wholeBytes, before: this });
  }

  /** Checks whether a segment is one of these groups. */
  hasSegment(name: string): boolean {
    return this.#segments.has(name);
  }

  /** Returns the number of a segment among these groups, that of the oldest one first; infinite for any other. */
  segmentNumber(name: string): number {
    return this.#segments.get(name) ?? Number.POSITIVE_INFINITY;
  }

  /** Yields the segments that have an object, by the index objects that were read whole; no request is made. */
  *segmentsOf(link: Link): Generator<string, void, undefined> {
    for (const { index } of this.#groups) {
      const position = index?.find(link.class, link.id);
      if (position !== undefined) yield index?.segments[position.segment] as string;
    }
  }

  /** Reads whole the index objects of the newest groups, as many as have `maxBytes` together. Throws `FileGone`. */
  async readNewest(maxBytes: number): Promise<void> {
    let left = maxBytes;
    const chosen: IndexedGroup[] = [];
    for (const each of this.#groups) {
      left -= each.group.bytes;
      if (left < 0) break;
      if (each.index === undefined) chosen.push(each);
    }
    const tasks = chosen.map((each) => () => this.#readWhole(each));
    for await (const _index of readAhead(tasks, PARALLEL_READS));
  }

  /** Returns where objects lie; those that no group has are left out. Throws `FileGone`. */
  async locate(links: readonly Link[]): Promise<LocatedLink[]> {
    let open = links;
    const located: LocatedLink[] = [];
    if (open.length > 0) await this.readNewest(this.#wholeBytes);
    for (const each of this.#groups) {
      if (open.length === 0) break;
      const find = await this.#finder(each, open);
      const names = each.group.segments;
      const rest: Link[] = [];
      for (const link of open) {
        const position = find(link);
        const segment = position && names[position.segment];
        if (position === undefined || segment === undefined) rest.push(link);
        else
          located.push({ ...link, segment: segment.file, offset: position.offset, length: position.length });
      }
      open = rest;
    }
    return located;
  }

  async #readWhole(each: IndexedGroup): Promise<IndexObject> {
    each.index ??= await readIndex(this.#files, each.group);
    if (each.index === undefined) throw new FileGone(filePath('indexes', each.group.index));
    each.parts.clear();
    return each.index;
  }

  /** Reads what it takes to find objects in a group, and returns how to find them. */
  async #finder(
    each: IndexedGroup,
    links: readonly Link[],
  ): Promise<(link: Link) => RecordPosition | undefined> {
    const parts = new Set(links.map(({ id }) => firstByte(id)));
    const isWhole =
      each.index !== undefined || each.group.bytes <= this.#wholeBytes || parts.size > MAX_PARTS;
    if (isWhole) {
      const index = await this.#readWhole(each);
      return (link) => index.find(link.class, link.id);
    }
    await this.#readParts(
      each,
      [...parts].filter((part) => !each.parts.has(part)),
    );
    return (link) => findRow(each.parts.get(firstByte(link.id)) as Buffer, link.class, link.id);
  }

  async #readParts(each: IndexedGroup, parts: readonly number[]): Promise<void> {
    const path = filePath('indexes', each.group.index);
    const { rowsAt, ...fanout } = fanoutRange(each.group.segments.length);
    each.fanout ??= bufferOf(await this.#files.read(path, fanout), path);
    const counts = each.fanout;
    const countAt = (first: number): number =>
      first < 0 || counts.length < (first + 1) * 4 ? 0 : counts.readUInt32BE(first * 4);
    const ranges = planRanges(
      parts.map((part) => {
        const from = countAt(part - 1);
        const rows = Math.min(Math.max(0, countAt(part) - from), each.group.entries);
        return { part, offset: rowsAt + from * INDEX_ROW_BYTES, length: rows * INDEX_ROW_BYTES };
      }),
    );
    const tasks = ranges.map((range) => async () => ({ range, bytes: await this.#files.read(path, range) }));
    for await (const { range, bytes } of readAhead(tasks, PARALLEL_READS)) {
      const rows = bufferOf(bytes, path);
      for (const { part, offset, length } of range.rows) {
        const at = offset - range.offset;
        each.parts.set(part, rows.subarray(at, at + length));
      }
    }
  }
}

function firstByte(id: string): number {
  return Number.parseInt(id.slice(0, 2), 16);
}

function bufferOf(bytes: Uint8Array | undefined, path: string): Buffer {
  if (bytes === undefined) throw new FileGone(path);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
