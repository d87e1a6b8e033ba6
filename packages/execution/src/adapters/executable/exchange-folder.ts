import { mkdirSync, realpathSync } from 'node:fs';
import { open, rm, rmdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { type BlobDatum, type DatumId, encodeRecord } from '@daggerml/object-model';
import { lowerDeeply, StoredBlob } from '@daggerml/values';
import { InvalidJson } from '../../json/exact-json.ts';
import { type JsonFile, readJsonValue } from '../../json/read-value.ts';
import { writeJsonValue } from '../../json/write-value.ts';
import type { RunObjects } from '../../objects/run-objects.ts';

/** The folder of one execution, through which files of its inputs and of its result go. */
export class ExchangeFolder {
  readonly path: string;
  readonly #objects: RunObjects;

  constructor(path: string, objects: RunObjects) {
    this.path = path;
    this.#objects = objects;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /**
   * Returns the JSON of each of some values, the blobs of which lie in the subfolder as files. Throws `JsonTooLong`
   * where it has more characters together, and `object_missing`.
   *
   * @spec DML-EXE-3202
   */
  async layOut(
    datumIds: readonly DatumId[],
    { subfolder, maxCharacters }: { readonly subfolder: string; readonly maxCharacters: number },
  ): Promise<string[]> {
    const files = new Map<DatumId, { path: string; datum: BlobDatum }>();
    const pathOf = (datumId: DatumId, datum: BlobDatum): string => {
      const path = files.get(datumId)?.path ?? join(this.path, subfolder, String(files.size));
      files.set(datumId, { path, datum });
      return path;
    };
    const texts: string[] = [];
    let room = maxCharacters;
    for (const datumId of datumIds) {
      const json = writeJsonValue(datumId, { source: this.#objects, pathOf, maxCharacters: room });
      room -= json.length;
      texts.push(json);
    }
    if (files.size > 0) mkdirSync(join(this.path, subfolder), { recursive: true, mode: 0o700 });
    for (const [datumId, { path, datum }] of files) await this.#writeBlob(path, datumId, datum);
    return texts;
  }

  /**
   * Stores the value that JSON stands for, with the files that it names, and returns its datum. Throws `InvalidJson`,
   * and `unsupported_value` for a value without a datum form, which it calls by the name.
   */
  async take(value: unknown, name: string): Promise<DatumId> {
    const named = new Map<string, JsonFile>();
    // Read twice, since a file takes time.
    readJsonValue(value, (file) => void named.set(keyOf(file), file));
    const blobs = new Map<string, StoredBlob>();
    for (const [key, file] of named) blobs.set(key, await this.#takeFile(file));
    return lowerDeeply(
      readJsonValue(value, (file) => blobs.get(keyOf(file))),
      this.#objects,
      name,
    );
  }

  /** Removes the folder; what cannot be removed goes with the folder of the run. */
  async remove(): Promise<void> {
    // Most calls have no files.
    await rmdir(this.path).catch(() => rm(this.path, { recursive: true, force: true }).catch(() => {}));
  }

  async #writeBlob(path: string, datumId: DatumId, datum: BlobDatum): Promise<void> {
    const file = await open(path, 'w', 0o600);
    try {
      for await (const piece of new StoredBlob(this.#objects, datumId, datum).stream())
        await file.write(piece);
    } finally {
      await file.close();
    }
  }

  /** @spec DML-EXE-3203 */
  async #takeFile({ path, sha256 }: JsonFile): Promise<StoredBlob> {
    const datum = await this.#objects.lowerFile(this.#insideOf(path));
    // @spec DML-EXE-3204
    if (sha256 !== undefined && sha256 !== datum.contentSha256)
      throw new InvalidJson(`names the file ${shown(path)} with another SHA-256 than it has`);
    return new StoredBlob(this.#objects, this.#objects.putDatum(encodeRecord(datum)), datum);
  }

  #insideOf(path: string): string {
    let real: string;
    try {
      real = realpathSync(resolve(this.path, path));
    } catch {
      throw new InvalidJson(`names the file ${shown(path)}, which is not there`);
    }
    if (!real.startsWith(realpathSync(this.path) + sep))
      throw new InvalidJson(`names the file ${shown(path)}, which is not in the folder of the call`);
    return real;
  }
}

function keyOf({ path, sha256 = '' }: JsonFile): string {
  return `${sha256} ${path}`;
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
