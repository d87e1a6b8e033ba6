import { createHash } from 'node:crypto';
import type { DatumId } from '@daggerml/object-model';
import type { RunObjects } from '../objects/run-objects.ts';
import {
  decodeDirectories,
  encodeDirectories,
  type KnownDirectory,
  withDirectory,
} from './known-directories.ts';
import { ListingMerge } from './listing-merge.ts';

/** Remembered state of a folder and the files in it. */
export class FolderMemory {
  readonly #objects: RunObjects;
  readonly #place: Uint8Array;
  readonly #partCount: number;
  readonly directories: readonly KnownDirectory[];
  readonly files: ListingMerge;
  /** True when anything is remembered of the folder. */
  readonly isKnown: boolean;

  /** Creates the memory of a folder; where `isUsed` is false, its state is ignored and replaced. */
  constructor(objects: RunObjects, realPath: string, isUsed: boolean) {
    const { store } = objects;
    this.#objects = objects;
    this.#place = placeOf('folder', realPath);
    const listing = store.readListing(this.#place);
    const directories = isUsed && listing ? decodeDirectories(listing.datumIds, listing.head) : undefined;
    this.isKnown = listing !== undefined;
    this.#partCount = listing?.partCount ?? 0;
    this.directories = directories ?? [];
    this.files = new ListingMerge(directories ? this.#partCount : 0, (part) =>
      store.readListingPart(this.#place, part),
    );
  }

  /** Makes sure that datums stay, and returns those that are gone. */
  retain(datumIds: readonly DatumId[]): DatumId[] {
    return this.#objects.retainDatums(datumIds, this.#place);
  }

  /** Remembers the files that were compared and the directory that was made of them. */
  keep(made: KnownDirectory): void {
    const { partCount, parts } = this.files.finish();
    const directories = withDirectory(this.directories, made);
    const isSame = partCount === this.#partCount && parts.size === 0 && directories === this.directories;
    if (isSame) return;
    this.#objects.remember({
      place: this.#place,
      datumIds: directories.map(({ datumId }) => datumId),
      head: encodeDirectories(directories),
      partCount,
      parts,
    });
  }
}

/**
 * Returns what stands for a file, a folder or captured code in the table of listings, for this user: another one may not be allowed to
 * read it.
 *
 * @spec DML-EXE-0874
 */
export function placeOf(kind: 'file' | 'folder' | 'code', path: string): Uint8Array {
  const user = process.geteuid?.() ?? '';
  return createHash('sha256').update(`${kind}\0${user}\0${path}`).digest();
}
