import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DatumId } from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import { executionError } from '../errors.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { StoredBlob } from '../values/stored-blob.ts';

/** Length of a session's id, with which the name of its folders begins. */
const SESSION_ID_CHARACTERS = 36;

/**
 * The bundles of one run as files, from which worker threads import them.
 *
 * They lie in a folder of the run beside the data file, which `close` removes; those of processes that were killed
 * are removed here.
 */
export class LaidOutBundles {
  readonly #objects: RunObjects;
  readonly #parent: string;
  readonly #files = new Map<DatumId, Promise<string>>();
  #folder: string | undefined;

  constructor(objects: RunObjects) {
    this.#objects = objects;
    // @spec DML-EXE-0822
    this.#parent = join(objects.store.path, 'bundles');
    if (existsSync(this.#parent)) removeAbandoned(this.#parent, objects.store);
  }

  /** Yields the URL of a bundle's file, which is written when it is not there. */
  async urlOf(bundleDatumId: DatumId): Promise<string> {
    const laidOut = await this.#files.get(bundleDatumId);
    // @spec DML-EXE-0821
    if (laidOut !== undefined && existsSync(laidOut)) return pathToFileURL(laidOut).href;
    const file = this.#layOut(bundleDatumId);
    this.#files.set(bundleDatumId, file);
    try {
      return pathToFileURL(await file).href;
    } catch (error) {
      // The next attempt may find room or rights.
      if (this.#files.get(bundleDatumId) === file) this.#files.delete(bundleDatumId);
      throw error;
    }
  }

  /** Removes every file. */
  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #layOut(bundleDatumId: DatumId): Promise<string> {
    const datum = this.#objects.readDatum(bundleDatumId);
    if (datum.kind !== 'blob')
      throw executionError('object_missing', { class: 'datum', objectId: bundleDatumId });
    const bytes = await new StoredBlob(this.#objects, bundleDatumId, datum).bytes();
    this.#folder ??= this.#ownFolder();
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, `${bundleDatumId}.mjs`);
    writeFileSync(file, bytes);
    return file;
  }

  #ownFolder(): string {
    const { store } = this.#objects;
    // Known to others as alive before there is anything that they could take for abandoned.
    if (!isAlive(store, store.sessionId)) store.transact('bundles', () => {});
    mkdirSync(this.#parent, { recursive: true });
    return mkdtempSync(join(this.#parent, `${store.sessionId}-`));
  }
}

/** @spec DML-EXE-0823 */
function removeAbandoned(parent: string, store: Store): void {
  // Names first: whoever has made one by now is in the list of sessions that is read after it.
  const names = readdirSync(parent);
  if (names.length === 0) return;
  const alive = new Set(store.liveSessions().map(({ sessionId }) => sessionId));
  for (const name of names) {
    if (!alive.has(name.slice(0, SESSION_ID_CHARACTERS)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(store: Store, sessionId: string): boolean {
  return store.liveSessions().some((session) => session.sessionId === sessionId);
}
