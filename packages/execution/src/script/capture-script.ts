import { constants, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { checkFilePath, type DatumId, encodeRecord, writeBlob } from '@daggerml/object-model';
import { formatScriptUri } from '@daggerml/repository';
import { liftDatum, lowerValue } from '@daggerml/values';
import type { CaptureTools } from '../files/capture-tools.ts';
import { FolderWalk } from '../files/folder-walk.ts';
import { refuseStoreFile } from '../files/store-file.ts';
import { refusedBySystem, unreadable } from '../files/unreadable.ts';
import type { CallSpec } from '../run/callee.ts';
import { type ScriptDeclaration, scriptValue } from './script.ts';

/** A file or folder of a script: where it is now, and where the script finds it. */
export interface ScriptFile {
  /** Absolute path. */
  readonly place: string;
  /** Path below the working folder. */
  readonly path: string;
}

/** Files of scripts are code; larger ones are data, which is an input. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Stores scripts; what one run has read of a file or folder holds for all its scripts. */
export class ScriptCapture {
  readonly #tools: CaptureTools;
  /** Entries of files and folders that were read, by place and path. */
  readonly #read = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(tools: CaptureTools) {
    this.#tools = tools;
  }

  /** Stores a script with its files and returns how it is called. Throws `unreadable_file`. */
  capture(name: string, declaration: ScriptDeclaration, files: readonly ScriptFile[]): CallSpec {
    const { objects } = this.#tools;
    const entries: Record<string, unknown> = {};
    for (const file of files) Object.assign(entries, this.#entriesOf(file));
    const scriptDatumId = lowerValue(scriptValue(declaration, entries), objects, 'the script');
    const functionDatumId = objects.put({
      type: 'datum',
      kind: 'uri',
      value: formatScriptUri({ scriptDatumId, name }),
      // @spec DML-EXE-3323
      attachmentDatumId: scriptDatumId,
    });
    return { functionDatumId, options: {} };
  }

  #entriesOf(file: ScriptFile): Readonly<Record<string, unknown>> {
    const key = `${file.place}\0${file.path}`;
    // @spec DML-EXE-3325
    let entries = this.#read.get(key);
    if (!entries) {
      entries = this.#readNow(file);
      this.#read.set(key, entries);
    }
    return entries;
  }

  #readNow({ place, path }: ScriptFile): Readonly<Record<string, unknown>> {
    const { fileSystem } = this.#tools;
    let stats: Stats;
    try {
      stats = fileSystem.statSync(place);
    } catch (error) {
      throw refusedBySystem(place, error);
    }
    if (!stats.isDirectory()) return { [path]: this.#entryOf(place, stats) };
    const entries: Record<string, unknown> = {};
    for (const entry of this.#walk(place)) {
      const inside = `${path}/${entry.path}`;
      checkFilePath(inside);
      if (entry.kind === 'link') entries[inside] = { link: entry.target };
      else if (entry.kind === 'empty-folder') entries[inside] = {};
      else if (entry.kind === 'file') entries[inside] = this.#entryOf(entry.place, entry.stats);
    }
    return entries;
  }

  #walk(folder: string): ReturnType<FolderWalk['entries']> {
    return new FolderWalk(this.#tools.fileSystem, {
      folder,
      keepsForms: true,
      all: false,
      // Made by Python as it runs, and never the same twice.
      filter: (path) => !path.split('/').includes('__pycache__'),
      isRepository: () => false,
    }).entries();
  }

  #entryOf(place: string, stats: Stats): unknown {
    const { objects, fileSystem } = this.#tools;
    if (!stats.isFile()) throw unreadable(place, 'it is neither a file nor a folder');
    if (stats.size > MAX_FILE_BYTES)
      throw unreadable(place, 'it is too large for a file of a script: pass it as an input, with dag.file');
    refuseStoreFile(place, true);
    objects.storeFiles.refuse(place, stats);
    let bytes: Uint8Array;
    try {
      bytes = fileSystem.readFileSync(place);
    } catch (error) {
      throw refusedBySystem(place, error);
    }
    const datumId: DatumId = objects.putDatum(encodeRecord(writeBlob(bytes, objects)));
    const content = liftDatum(objects, datumId);
    // @spec DML-EXE-3324
    return (stats.mode & constants.S_IXUSR) === 0 ? content : { content, executable: true };
  }
}

/** Returns where a script finds a file that its author names by a path: what lies outside of the folder, by its own name. */
export function placeOfFile(path: string, folder: string): ScriptFile {
  const place = join(path.startsWith('/') ? '/' : folder, path).replace(/\/$/, '');
  const isInside = place.startsWith(`${folder}/`);
  return { place, path: isInside ? place.slice(folder.length + 1) : basename(place) };
}
