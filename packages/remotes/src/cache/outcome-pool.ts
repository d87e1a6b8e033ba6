import { hashBytes } from '@daggerml/object-model';
import { planRanges } from '../fetch/plan-ranges.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import type { ByteRange } from '../files/remote-files.ts';
import type { CacheRow } from '../format/cache-row.ts';
import { filePath } from '../format/file-path.ts';
import { type Link, LinkSet } from '../format/link.ts';
import { FileGone } from '../state/file-gone.ts';
import type { CacheView } from './cache-view.ts';
import { readSections, sectionHeadBytes } from './read-sections.ts';

/** Bytes before an exec that are read with it; where more belong to it, they are read as they are found missing. */
const MAX_BEFORE_BYTES = 262_144;
/** Parts of segments that are read at the same time. */
const PARALLEL_READS = 6;

/** A part of a segment. */
interface SegmentPart extends ByteRange {
  readonly segment: string;
}

/** Returns the part of a segment that an entry points to: its exec, with what was put before it if that is little. */
export function partOf({ place }: CacheRow): SegmentPart {
  const { segment, offset, length, before } = place;
  const start = Math.max(0, offset - sectionHeadBytes(length) - (before <= MAX_BEFORE_BYTES ? before : 0));
  return { segment, offset: start, length: offset + length - start };
}

/** Objects read from the groups of the cache, under the ids that the segments claim until somebody asks for them. */
export class OutcomePool {
  readonly #view: CacheView;
  /** Objects that should be there and are not, or not as they should be. */
  readonly broken: LinkSet = new LinkSet();
  readonly #read = new Map<string, { readonly bytes: Uint8Array; isVerified: boolean }>();

  constructor(view: CacheView) {
    this.#view = view;
  }

  /** Returns an object that was read and is what its id says. */
  get(link: Link): Uint8Array | undefined {
    const found = this.#read.get(link.id);
    if (found === undefined) return undefined;
    // @spec DML-REM-1204
    if (!found.isVerified && hashBytes(found.bytes) !== link.id) {
      this.#read.delete(link.id);
      return undefined;
    }
    found.isVerified = true;
    return found.bytes;
  }

  /** Reads what entries point to, as far as it is there. */
  async readParts(rows: readonly CacheRow[]): Promise<void> {
    const parts = rows.map(partOf).filter(({ segment }) => this.#view.groups.hasSegment(segment));
    await this.#readSegments(parts, (part) => {
      for (const { id, bytes } of readSections(part))
        if (!this.#read.has(id)) this.#read.set(id, { bytes, isVerified: false });
    });
  }

  /** Reads objects by the index objects; those that are not there are noted as broken. Throws `FileGone`. */
  async readLinks(links: readonly Link[]): Promise<void> {
    const located = await this.#view.groups.locate(links);
    await this.#readSegments(located, (part, range) => {
      for (const row of range.rows) {
        const at = row.offset - range.offset;
        const bytes = part.subarray(at, at + row.length);
        if (hashBytes(bytes) === row.id) this.#read.set(row.id, { bytes, isVerified: true });
      }
    });
    for (const link of links) if (!this.#read.has(link.id)) this.broken.add(link);
  }

  async #readSegments<Part extends SegmentPart>(
    parts: readonly Part[],
    take: (bytes: Uint8Array, range: { readonly offset: number; readonly rows: readonly Part[] }) => void,
  ): Promise<void> {
    const bySegment = new Map<string, Part[]>();
    for (const part of parts) {
      const some = bySegment.get(part.segment);
      if (some === undefined) bySegment.set(part.segment, [part]);
      else some.push(part);
    }
    const tasks = [...bySegment].flatMap(([segment, some]) => {
      const path = filePath('segments', segment);
      if (this.#view.isLost(path)) return [];
      return planRanges(some).map((range) => async () => ({
        path,
        range,
        bytes: await this.#view.remote.files.read(path, range),
      }));
    });
    for await (const { path, range, bytes } of readAhead(tasks, PARALLEL_READS)) {
      if (bytes === undefined) throw new FileGone(path);
      take(bytes, range);
    }
  }
}
