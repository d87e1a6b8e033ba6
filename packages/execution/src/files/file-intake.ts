import type { Stats } from 'node:fs';
import { type DatumId, encodeRecord, writeBlob } from '@daggerml/object-model';
import type { RunObjects } from '../objects/run-objects.ts';
import { plainIdentity } from './file-identity.ts';
import type { FileSystem } from './file-system.ts';
import { isPlainFile } from './folder-walk.ts';
import { readSmallFile, type SeenFile, SMALL_FILE_BYTES } from './small-file.ts';
import { refuseStoreFile } from './store-file.ts';
import { CHANGED, errorCode, isChanged, refusedBySystem, unreadable } from './unreadable.ts';

/** New small objects that wait in memory for others: a store takes many at a fraction of the cost of few. */
const WAITING_BYTES = 32 * 1024 * 1024;

/** Error codes of opening a link or a socket, and of reading a folder or an empty pipe. */
const SWAPPED: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO', 'EISDIR', 'EAGAIN']);

/** A file whose content is stored. */
export interface TakenFile {
  readonly datumId: DatumId;
  /** True when the content is that of the file as it was seen. */
  readonly isAsSeen: boolean;
}

/** Takes the content of files that were seen. */
export class FileIntake {
  readonly #fileSystem: FileSystem;
  readonly #objects: RunObjects;
  files = 0;
  sizeBytes = 0;

  constructor(fileSystem: FileSystem, objects: RunObjects) {
    this.#fileSystem = fileSystem;
    this.#objects = objects;
  }

  /** Checks whether `takeSmall` takes a file. */
  isSmall(seen: SeenFile): boolean {
    return seen.identity.size <= SMALL_FILE_BYTES;
  }

  /**
   * Stores the blob of a small file at once; undefined when the file is not as it was seen. Throws `unreadable_file`.
   */
  takeSmall(seen: SeenFile): DatumId | undefined {
    refuseStoreFile(seen.place, seen.isLinked);
    this.#objects.storeFiles.refuse(seen.place, seen.identity);
    let bytes: Uint8Array | undefined;
    try {
      bytes = readSmallFile(this.#fileSystem, seen);
    } catch (error) {
      if (!SWAPPED.has(errorCode(error))) throw refusedBySystem(seen.place, error);
    }
    if (bytes === undefined) return undefined;
    const datumId = this.#objects.putDatum(encodeRecord(writeBlob(bytes, this.#objects)));
    this.#note(seen);
    this.#objects.makeRoom(WAITING_BYTES);
    return datumId;
  }

  /**
   * Stores the blob of a file that `takeSmall` does not take, or did not find as it was seen. What is in another state
   * than it was is looked at once more, as long as it is a file. Rejects with `unreadable_file`.
   */
  async take(seen: SeenFile): Promise<TakenFile> {
    if (this.isSmall(seen)) return { datumId: await this.#takeAgain(seen), isAsSeen: false };
    try {
      return { datumId: await this.#takeLarge(seen), isAsSeen: true };
    } catch (error) {
      if (!isChanged(error)) throw error;
      return { datumId: await this.#takeAgain(seen), isAsSeen: false };
    }
  }

  async #takeAgain(seen: SeenFile): Promise<DatumId> {
    const again = { ...seen, identity: this.#lookAgain(seen) };
    const datumId = this.isSmall(again) ? this.takeSmall(again) : await this.#takeLarge(again);
    if (datumId === undefined) throw unreadable(seen.place, CHANGED);
    return datumId;
  }

  async #takeLarge(seen: SeenFile): Promise<DatumId> {
    const datumId = this.#objects.putDatum(
      encodeRecord(await this.#objects.lowerFile(seen.place, plainIdentity(seen.identity))),
    );
    this.#note(seen);
    return datumId;
  }

  #lookAgain({ place, isLinked }: SeenFile): Stats {
    try {
      const stats = isLinked ? this.#fileSystem.statSync(place) : this.#fileSystem.lstatSync(place);
      if (isPlainFile(stats)) return stats;
    } catch (error) {
      throw refusedBySystem(place, error);
    }
    throw unreadable(place, CHANGED);
  }

  #note({ identity }: SeenFile): void {
    this.files += 1;
    this.sizeBytes += identity.size;
  }
}
