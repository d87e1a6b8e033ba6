import { type CommitId, isDmlError, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import { closureObjects } from '../fetch/closure-sections.ts';
import type { FetchSource } from '../fetch/fetch-stream.ts';
import { GroupIndexes } from '../fetch/group-indexes.ts';
import { type Absences, absenceKey, isExcised } from '../format/absences.ts';
import { type Link, LinkSet } from '../format/link.ts';
import type { IndexedGroup } from './group-remains.ts';

/** A store that may have what a remote lacks. */
export interface LocalObjects {
  get(objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined;
  has(objectClass: ObjectClass, id: ObjectId): boolean;
}

/** A walk over what refs reach, on the remote and here. */
export interface NeedWalk {
  readonly source: FetchSource;
  readonly store: LocalObjects;
  readonly commitIds: readonly CommitId[];
  /** Groups that can be read, the oldest first. */
  readonly groups: readonly IndexedGroup[];
  /** Checks whether a readable group has an object. */
  readonly isThere: (link: Link) => boolean;
  readonly absences: Absences;
  /** False where what the remote lacks may be left out of it on purpose. */
  readonly mayAdd: boolean;
}

/** Objects that refs reach and that the remote lacks. */
export interface NeededObjects {
  /** Those that are here. */
  readonly toAdd: LinkSet;
  /** Those that are excised here. */
  readonly excised: LinkSet;
  /** Those that are nowhere, and those that may not be added. */
  readonly lacking: LinkSet;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Finds what commits reach and no readable group has. Reads of the remote only records that are not here, and holds
 * about 50 bytes for each object that is reached.
 *
 * @spec DML-REM-1910
 */
export async function neededObjects(walk: NeedWalk): Promise<NeededObjects> {
  const { source, store, commitIds, absences, isThere, mayAdd } = walk;
  const needed = { toAdd: new LinkSet(), excised: new LinkSet(), lacking: new LinkSet() };
  // @spec DML-REM-1908
  const isLeft = (link: Link): boolean => {
    const isAbsent = absences.has(absenceKey(link.class, link.id));
    return isAbsent && (isExcised(absences, link) || !mayAdd);
  };
  const get = (objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined => {
    const link = { class: objectClass, id };
    const isPresent = isThere(link);
    // Chunks lead nowhere.
    if (isPresent && objectClass === 'chunk') return NO_BYTES;
    if (!isPresent && isLeft(link)) return undefined;
    let bytes: Uint8Array | undefined;
    try {
      bytes = objectClass === 'chunk' && store.has('chunk', id) ? NO_BYTES : store.get(objectClass, id);
    } catch (error) {
      const isExcisedHere = isDmlError(error) && error.detail === 'excised';
      if (isExcisedHere && !isPresent) needed.excised.add(link);
      throw error;
    }
    if (bytes !== undefined && !isPresent) needed[mayAdd ? 'toAdd' : 'lacking'].add(link);
    return bytes;
  };
  const objects = closureObjects({
    source,
    indexes: GroupIndexes.over(walk.groups),
    roots: commitIds.map((id) => ({ class: 'commit', id })),
    get,
    isWhole: () => false,
    isLeftOut: (link) => absences.has(absenceKey(link.class, link.id)) && !isThere(link),
    leftOut: new LinkSet(),
    missing: needed.lacking,
  });
  for await (const _object of objects);
  return needed;
}
