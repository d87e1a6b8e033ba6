import {
  type CommitId,
  decodeRecord,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry, SegmentEntry } from '../format/group.ts';
import type { IndexObject, IndexRow } from '../format/index-object.ts';
import { type Link, LinkSet } from '../format/link.ts';
import { sectionOf } from '../format/segment.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { FileGone } from '../state/file-gone.ts';
import { count, type FetchSource, objectsIn } from './fetch-stream.ts';
import { planRanges } from './plan-ranges.ts';
import { readAhead } from './read-ahead.ts';

/** Parts of segments that are read at the same time. */
const PARALLEL_READS = 4;

/** A walk over what commits reach, here and on the remote. */
export interface ClosureWalk {
  readonly source: FetchSource;
  readonly groups: readonly GroupEntry[];
  readonly commitIds: readonly CommitId[];
  /** Objects of other classes from which it starts as well. */
  readonly others?: readonly Link[] | undefined;
  /** Returns an object's bytes where it is here; throws for one that is excised. */
  readonly get: (objectClass: ObjectClass, id: ObjectId) => Uint8Array | undefined;
  /** Checks whether an object is here with all that it reaches. */
  readonly isWhole: (link: Link) => boolean;
}

/**
 * Yields the sections of everything that commits reach and is not here, level by level, whatever group it is in. What no
 * group has is left out. Throws `FileGone`.
 */
export async function* closureSections(walk: ClosureWalk): AsyncGenerator<Uint8Array, void, undefined> {
  const indexes = await readIndexes(walk);
  const seen = new LinkSet();
  const isNew = (link: Link): boolean => seen.add(link);
  let level: Link[] = walk.commitIds.map((id) => ({ class: 'commit', id }));
  level.push(...(walk.others ?? []));
  while (level.length > 0) {
    const absent: Link[] = [];
    const waiting = level.filter(isNew);
    for (let link = waiting.pop(); link !== undefined; link = waiting.pop()) {
      if (walk.isWhole(link)) continue;
      const bytes = here(walk, link);
      if (bytes === undefined) absent.push(link);
      else if (bytes !== 'excised')
        for (const next of linksIn(link.class, bytes)) if (isNew(next)) waiting.push(next);
    }
    level = [];
    for await (const object of readObjects(walk.source, indexes, absent)) {
      yield sectionOf(object);
      level.push(...linksIn(object.class, object.bytes));
    }
  }
}

function here({ get }: ClosureWalk, { class: objectClass, id }: Link): Uint8Array | 'excised' | undefined {
  try {
    return get(objectClass, id);
  } catch (error) {
    if ((error as { detail?: unknown }).detail === 'excised') return 'excised';
    throw error;
  }
}

function linksIn(objectClass: ObjectClass, bytes: Uint8Array): Link[] {
  if (objectClass === 'chunk') return [];
  return recordLinks(decodeRecord(bytes, objectClass)).map((link) => ({
    class: link.objectClass,
    id: link.id,
  }));
}

interface GroupIndex {
  readonly group: GroupEntry;
  readonly index: IndexObject;
}

/** Reads the index objects of the groups, the newest first, since what is asked for is mostly new. */
async function readIndexes({ source, groups }: ClosureWalk): Promise<GroupIndex[]> {
  const tasks = [...groups].reverse().map((group) => async () => ({
    group,
    index: await readIndex(source.files, group),
  }));
  const indexes: GroupIndex[] = [];
  for await (const { group, index } of readAhead(tasks, PARALLEL_READS)) {
    if (index === undefined) throw new FileGone(filePath('indexes', group.index));
    count(source, group.bytes);
    indexes.push({ group, index });
  }
  return indexes;
}

/** Yields the objects that some group has. */
async function* readObjects(
  source: FetchSource,
  indexes: readonly GroupIndex[],
  links: readonly Link[],
): AsyncGenerator<{ class: ObjectClass; id: ObjectId; bytes: Uint8Array }, void, undefined> {
  const bySegment = new Map<string, { readonly entry: SegmentEntry; readonly rows: IndexRow[] }>();
  for (const link of links) {
    for (const { group, index } of indexes) {
      const position = index.find(link.class, link.id);
      if (position === undefined) continue;
      const entry = group.segments[position.segment] as SegmentEntry;
      const wanted = bySegment.get(entry.file) ?? { entry, rows: [] };
      wanted.rows.push({ ...link, ...position });
      bySegment.set(entry.file, wanted);
      break;
    }
  }
  const tasks = [...bySegment.values()].flatMap(({ entry, rows }) =>
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

/** Returns the error of a remote whose refs reach an object that it does not have. @spec DML-REM-0915 */
export function incompleteError(
  remote: string,
  fields: Readonly<Record<string, unknown>>,
  cause: unknown,
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
