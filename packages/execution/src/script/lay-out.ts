import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  type BlobDatum,
  type DatumId,
  type DirectoryEntry,
  isDmlError,
  type MapDatum,
  readDirectory,
} from '@daggerml/object-model';
import { StoredBlob } from '@daggerml/values';
import type { RunObjects } from '../objects/run-objects.ts';

/** Blobs that are written in one piece. */
const SMALL_BYTES = 1024 * 1024;
/** Entries after which everything else in the process gets its turn. */
const ENTRIES_OF_TURN = 64;

/** Lays out values of the repository as files. Everything it makes may be read, and executed where it was executable. */
export class LayOut {
  readonly #objects: RunObjects;

  constructor(objects: RunObjects) {
    this.#objects = objects;
  }

  /** Writes a blob to a file that is not there yet, in bounded memory. */
  async file(datumId: DatumId, place: string, isExecutable = false): Promise<void> {
    const datum = this.#objects.readDatum(datumId) as BlobDatum;
    const blob = new StoredBlob(this.#objects, datumId, datum);
    mkdirSync(dirname(place), { recursive: true });
    // @spec DML-EXE-3332
    const mode = isExecutable ? 0o555 : 0o444;
    if (blob.sizeBytes <= SMALL_BYTES) return writeFileSync(place, await blob.bytes(), { flag: 'wx', mode });
    const file = await open(place, 'wx', mode);
    try {
      for await (const chunk of blob.stream()) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  }

  /** Writes bytes to a file that is not there yet. */
  bytes(bytes: Uint8Array | string, place: string): void {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes, { flag: 'wx', mode: 0o444 });
  }

  /** Lays out a directory. */
  async folder(entries: Iterable<DirectoryEntry>, place: string): Promise<void> {
    mkdirSync(place, { recursive: true });
    const links: (DirectoryEntry & { kind: 'link' })[] = [];
    let count = 0;
    for (const entry of entries) {
      const path = join(place, entry.path);
      if (entry.kind === 'file') await this.file(entry.blobDatumId, path, entry.isExecutable);
      else if (entry.kind === 'empty-folder') mkdirSync(path, { recursive: true });
      else links.push(entry);
      count += 1;
      if (count % ENTRIES_OF_TURN === 0) await setImmediate();
    }
    // Last, so that nothing is written through one.
    for (const { path, target } of links) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      symlinkSync(target, join(place, path));
    }
  }

  /** Returns the entries of a map that is a directory with a file; undefined for another one. */
  directoryOf(datum: MapDatum): DirectoryEntry[] | undefined {
    try {
      const entries = [...readDirectory(datum.root, this.#objects)];
      return entries.some(({ kind }) => kind === 'file') ? entries : undefined;
    } catch (error) {
      if (isDmlError(error) && error.code === 'invalid_payload') return undefined;
      throw error;
    }
  }
}
