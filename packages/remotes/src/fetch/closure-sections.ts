import {
  type CommitId,
  decodeRecord,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { GroupEntry } from '../format/group.ts';
import { type Link, type LinkedObject, LinkSet } from '../format/link.ts';
import { sectionOf } from '../format/segment.ts';
import type { FetchFilter } from './fetch-filter.ts';
import type { FetchSource } from './fetch-stream.ts';
import { GroupIndexes } from './group-indexes.ts';
import type { IndexMemory } from './index-memory.ts';

/** Commits that are read ahead at one time, and held in memory. */
const COMMITS_AHEAD = 1_024;

/** A walk over what objects reach, here and on the remote. */
export interface ClosureWalk {
  readonly source: FetchSource;
  readonly indexes: GroupIndexes;
  /** Objects that are brought with what they reach, whether a stub stands for them or not. */
  readonly roots: readonly WalkRoot[];
  /** Returns an object's bytes where it is here; throws for one that is excised. */
  readonly get: (objectClass: ObjectClass, id: ObjectId) => Uint8Array | undefined;
  /** Checks whether an object is here with all that it reaches. */
  readonly isWhole: (link: Link) => boolean;
  /** Decides whether an object that is not here stays out, with what only it reaches. */
  readonly isLeftOut?: ((link: Link) => boolean) | undefined;
  /** Takes what the filter leaves out. */
  readonly leftOut: LinkSet;
  /** Takes what no group has. */
  readonly missing?: LinkSet | undefined;
  /** Largest blob whose content is brought, in bytes. */
  readonly blobLimitBytes?: FetchFilter['blobLimitBytes'];
}

/** An object that a walk begins with. */
export interface WalkRoot extends Link {
  /** Commits to bring from this one on, itself included; all where no root has a depth. */
  readonly depth?: number | undefined;
}

/** A link, and whether it is a part of a blob whose content is left out. */
interface WalkLink extends Link {
  readonly isContent?: boolean;
}

/**
 * Yields everything that objects reach and is not here, level by level, whatever group it is in. What no group has is
 * left out. Throws `FileGone`.
 */
export function closureObjects(walk: ClosureWalk): AsyncGenerator<LinkedObject, void, undefined> {
  return new Closure(walk).objects();
}

/** A walk over what commits reach. */
export interface CommitWalk extends Omit<ClosureWalk, 'indexes' | 'roots' | 'leftOut'> {
  readonly groups: readonly GroupEntry[];
  readonly commitIds: readonly CommitId[];
  /** Commits to bring from each of them on; all by default. */
  readonly depth?: FetchFilter['depth'];
  readonly leftOut?: LinkSet | undefined;
  /** Index objects that were read before. */
  readonly memory?: IndexMemory | undefined;
}

/** Yields the sections of everything that commits reach and is not here; see {@link closureObjects}. */
export async function* closureSections({
  groups,
  commitIds,
  depth,
  leftOut = new LinkSet(),
  memory,
  ...walk
}: CommitWalk): AsyncGenerator<Uint8Array, void, undefined> {
  const indexes = await GroupIndexes.read(walk.source, groups, memory);
  const roots = commitIds.map((id) => ({ class: 'commit', id, depth }) as const);
  for await (const object of closureObjects({ ...walk, indexes, roots, leftOut })) yield sectionOf(object);
}

class Closure {
  readonly #walk: ClosureWalk;
  readonly #isShallow: boolean;
  readonly #seen = new LinkSet();
  /** Pages of blobs whose content is left out; another blob may have them as well. */
  readonly #contentPages = new LinkSet();
  readonly #roots = new LinkSet();
  /** Commits that were read before they were asked for. */
  readonly #ahead = new Map<string, LinkedObject>();

  constructor(walk: ClosureWalk) {
    this.#walk = walk;
    this.#isShallow = walk.roots.some(({ depth }) => depth !== undefined);
    for (const root of walk.roots) this.#roots.add(root);
  }

  async *objects(): AsyncGenerator<LinkedObject, void, undefined> {
    // History first: the content of all commits is then read together, and each part of a segment once.
    const content = new LinkSet();
    yield* this.#commits(content);
    let level: Iterable<WalkLink> = this.#firstLevel(content);
    for (;;) {
      const absent = this.#absentBelow(level);
      if (absent.length === 0) return;
      const next: WalkLink[] = [];
      for await (const object of this.#read(absent)) {
        yield object;
        for (const link of this.#linksIn(object, object.bytes)) next.push(link);
      }
      level = next;
    }
  }

  *#firstLevel(content: LinkSet): Generator<WalkLink, void, undefined> {
    for (const root of this.#walk.roots) if (root.class !== 'commit') yield root;
    yield* content;
  }

  #read(absent: readonly Link[]): ReturnType<GroupIndexes['readObjects']> {
    const { indexes, source, missing } = this.#walk;
    if (missing !== undefined)
      for (const link of absent) if (!indexes.has(link.class, link.id)) missing.add(link);
    return indexes.readObjects(source, absent);
  }

  /**
   * Yields commits, and reads some of those that lie before them in the segments along: a line of history is not asked
   * for one by one.
   */
  async *#readCommits(absent: readonly Link[], ahead: number): AsyncGenerator<LinkedObject, void, undefined> {
    const isAbsent = new LinkSet();
    const wanted = new LinkSet();
    const asked: Link[] = [];
    for (const link of absent) {
      const object = this.#ahead.get(link.id);
      this.#ahead.delete(link.id);
      if (object !== undefined) {
        yield object;
        continue;
      }
      isAbsent.add(link);
      if (wanted.add(link)) asked.push(link);
    }
    if (this.#ahead.size > COMMITS_AHEAD) this.#ahead.clear();
    // @spec DML-REM-0962
    const count = Math.floor(ahead / absent.length);
    for (const link of count > 0 ? [...asked] : [])
      for (const each of this.#commitsBefore(link, count)) if (wanted.add(each)) asked.push(each);
    for await (const object of this.#read(asked))
      if (isAbsent.has(object)) yield object;
      // A view would keep all that was read with it.
      else this.#ahead.set(object.id, { ...object, bytes: Uint8Array.from(object.bytes) });
  }

  #commitsBefore(link: Link, count: number): Link[] {
    const found: Link[] = [];
    let looked = 0;
    for (const each of this.#walk.indexes.commitsBefore(link.id)) {
      looked += 1;
      if (found.length >= count || looked > 2 * count) break;
      if (!this.#seen.has(each) && !this.#ahead.has(each.id) && this.#bytesOf(each) === undefined)
        found.push(each);
    }
    return found;
  }

  /** Walks what is here from some links on, and returns what is not. */
  #absentBelow(level: Iterable<WalkLink>): Link[] {
    const absent: Link[] = [];
    const waiting: WalkLink[] = [];
    for (const start of level) {
      if (!this.#isNew(start)) continue;
      waiting.push(start);
      for (let link = waiting.pop(); link !== undefined; link = waiting.pop()) {
        if (this.#walk.isWhole(link)) continue;
        const bytes = this.#here(link);
        if (bytes === undefined) absent.push(link);
        else if (bytes !== 'none')
          for (const next of this.#linksIn(link, bytes)) if (this.#isNew(next)) waiting.push(next);
      }
    }
    return absent;
  }

  #isNew(link: WalkLink): boolean {
    if (link.isContent !== true) return this.#seen.add(link);
    return !this.#seen.has(link) && this.#contentPages.add(link);
  }

  /** Returns the bytes of an object that is here, `none` for what is excised or stays out, undefined for what to read. */
  #here(link: Link): Uint8Array | 'none' | undefined {
    const bytes = this.#bytesOf(link);
    if (bytes !== undefined || this.#roots.has(link)) return bytes;
    return this.#walk.isLeftOut?.(link) === true ? 'none' : undefined;
  }

  /**
   * Yields the commits that are not here, level by level, and adds what they link to besides their parents. Goes back to
   * those that are whole, or by the depths of the roots: the parents of the last ones are left out then.
   */
  async *#commits(content: LinkSet): AsyncGenerator<LinkedObject, void, undefined> {
    const { leftOut, isWhole } = this.#walk;
    const depthOf = ({ depth = Number.MAX_SAFE_INTEGER }: WalkRoot): number => depth;
    const roots = this.#walk.roots.filter((root) => root.class === 'commit');
    // Those that go back the least are last, and join the walk when the others are as near to their ends.
    roots.sort((one, other) => depthOf(other) - depthOf(one));
    let joined = 0;
    let level: Link[] = [];
    // @spec DML-REM-0950
    for (
      let left = roots[0] === undefined ? 0 : depthOf(roots[0]);
      left > 0 && (level.length > 0 || joined < roots.length);
      left -= 1
    ) {
      for (; joined < roots.length && depthOf(roots[joined] as WalkRoot) === left; joined += 1)
        level.push(roots[joined] as WalkRoot);
      const parents: Link[] = [];
      const enter = (link: Link, bytes: Uint8Array): void => {
        for (const next of linksOf(link, bytes))
          if (next.class === 'commit') parents.push(next);
          else if (!isWhole(link)) content.add(next);
      };
      const absent: Link[] = [];
      for (const link of level) {
        if (!this.#seen.add(link) || (!this.#isShallow && isWhole(link))) continue;
        // A depth goes through what was left out before.
        const bytes = this.#isShallow ? this.#bytesOf(link) : this.#here(link);
        if (bytes === undefined) absent.push(link);
        else if (bytes !== 'none') enter(link, bytes);
      }
      for await (const object of this.#readCommits(absent, Math.min(left - 1, COMMITS_AHEAD))) {
        yield object;
        enter(object, object.bytes);
      }
      level = parents;
    }
    for (const link of level) if (!this.#seen.has(link)) leftOut.add(link);
  }

  /** Returns what {@link #here} does, whatever stands for the object. */
  #bytesOf({ class: objectClass, id }: Link): Uint8Array | 'none' | undefined {
    try {
      return this.#walk.get(objectClass, id);
    } catch (error) {
      if ((error as { detail?: unknown }).detail === 'excised') return 'none';
      throw error;
    }
  }

  /** Returns the links to follow from an object; notes those that are left out. */
  #linksIn(link: Link, bytes: Uint8Array): WalkLink[] {
    if (link.class === 'chunk') return [];
    const { leftOut, blobLimitBytes } = this.#walk;
    const record = decodeRecord(bytes, link.class);
    const links: WalkLink[] = recordLinks(record).map((each) => ({ class: each.objectClass, id: each.id }));
    if (this.#isShallow && link.class === 'commit') {
      // A snapshot of a call: its history is behind the newest commits as well.
      const isBehind = (each: Link): boolean => each.class === 'commit' && !this.#seen.has(each);
      for (const parent of links.filter(isBehind)) leftOut.add(parent);
      return links.filter((each) => each.class !== 'commit');
    }
    const isLarge =
      record.type === 'datum' &&
      record.kind === 'blob' &&
      blobLimitBytes !== undefined &&
      record.sizeBytes > blobLimitBytes;
    if (!isLarge && (this.#seen.has(link) || !this.#contentPages.has(link))) return links;
    // Pages say which chunks there are, and are a thousandth of them. @spec DML-REM-0908
    for (const chunk of links) if (chunk.class === 'chunk') leftOut.add(chunk);
    return links.flatMap((each) => (each.class === 'chunk' ? [] : [{ ...each, isContent: true }]));
  }
}

function linksOf(link: Link, bytes: Uint8Array): Link[] {
  return recordLinks(decodeRecord(bytes, link.class as 'commit')).map((each) => ({
    class: each.objectClass,
    id: each.id,
  }));
}

/** Returns the error of a remote whose refs reach an object that it does not have. @spec DML-REM-0915 */
export function incompleteError(
  remote: string,
  fields: Readonly<Record<string, unknown>>,
  cause?: unknown,
): Error {
  const { class: objectClass, objectId } = fields;
  return remoteError(
    'remote_damaged',
    {
      remote,
      path: 'CURRENT.json',
      detail: 'incomplete',
      ...(typeof objectClass === 'string' && { class: objectClass }),
      ...(typeof objectId === 'string' && { objectId }),
    },
    cause,
  );
}
