import fs, { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type DatumId,
  type DirectoryEntry,
  type ObjectClass,
  type ObjectId,
  readDirectory,
} from '@daggerml/object-model';
import { type OpenStoreOptions, openStore, type Store } from '@daggerml/store';
import { captureFile } from '../src/files/capture-file.ts';
import { captureFolder, type TakenFolder } from '../src/files/capture-folder.ts';
import type { CaptureTools } from '../src/files/capture-tools.ts';
import type { FileSystem } from '../src/files/file-system.ts';
import type { WalkRequest } from '../src/files/folder-walk.ts';
import { RunObjects } from '../src/objects/run-objects.ts';

const EXT4 = 0xef53;
const HOUR_MS = 60 * 60 * 1000;

/** A folder to capture and a store to capture it into, on a file system that keeps identities, an hour later. */
export class CapturePlace {
  readonly root: string = mkdtempSync(join(tmpdir(), 'dml-capture-'));
  readonly folder: string = join(this.root, 'data');
  store!: Store;
  objects!: RunObjects;
  /** Paths below the folder of the small files that the last capture opened. */
  readonly opened: string[] = [];
  taken!: TakenFolder;

  static async create(): Promise<CapturePlace> {
    const place = new CapturePlace();
    mkdirSync(place.folder);
    await place.reopen();
    return place;
  }

  /** Opens the store again, as the next process would. */
  async reopen(options: Pick<OpenStoreOptions, 'environment'> = {}): Promise<void> {
    await this.store?.close();
    this.store = await openStore(join(this.root, 'store'), { mode: 'write', create: true, ...options });
    this.begin();
  }

  /** Begins another run: what the one before did not write is dropped. */
  begin(): void {
    this.objects = new RunObjects(this.store);
  }

  write(path: string, content: string | Uint8Array = path): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Writes as many small files, in folders of a hundred. */
  writeMany(count: number): string[] {
    const paths = Array.from(
      { length: count },
      (_, at) => `d${String(Math.floor(at / 100)).padStart(3, '0')}/f${String(at % 100).padStart(2, '0')}`,
    );
    for (const path of paths) this.write(path, `content of ${path}`);
    return paths;
  }

  /** Returns the file system of the machine as one that keeps identities; `other` replaces parts of it. */
  fileSystem(other: Partial<FileSystem> = {}): FileSystem {
    return {
      ...fs,
      statfsSync: (() => ({ type: EXT4 })) as never,
      openSync: (path, ...more) => {
        this.opened.push(String(path).slice(this.folder.length + 1));
        return fs.openSync(path, ...more);
      },
      ...other,
    };
  }

  /** Returns the file system of the machine as one of a kind. */
  on(type: number): { fileSystem: FileSystem } {
    return { fileSystem: this.fileSystem({ statfsSync: (() => ({ type })) as never }) };
  }

  /** Returns the file system of the machine with looks at files changed; `path` is undefined for an open file. */
  looking(change: (stats: fs.Stats, path?: string) => fs.Stats): { fileSystem: FileSystem } {
    const lstatSync = ((path: string) => change(fs.lstatSync(path), path)) as never;
    const fstatSync = ((file: number) => change(fs.fstatSync(file))) as never;
    return { fileSystem: this.fileSystem({ lstatSync, fstatSync }) };
  }

  tools(other: Partial<CaptureTools> = {}): CaptureTools {
    return {
      fileSystem: this.fileSystem(),
      objects: this.objects,
      nowMs: () => Date.now() + HOUR_MS,
      knowsFiles: true,
      assertOpen: () => {},
      ...other,
    };
  }

  /** Captures the folder in a run of its own; `opened` has what was read. */
  async capture(tools: Partial<CaptureTools> = {}, request: Partial<WalkRequest> = {}): Promise<DatumId> {
    this.begin();
    this.opened.length = 0;
    const walk: WalkRequest = {
      folder: this.folder,
      keepsForms: true,
      all: false,
      filter: () => true,
      isRepository: () => false,
      ...request,
    };
    return captureFolder(this.tools(tools), walk, {
      onProgress: () => {},
      onTaken: (taken) => {
        this.taken = taken;
      },
    });
  }

  async captureFile(path: string, tools: Partial<CaptureTools> = {}): Promise<DatumId> {
    this.begin();
    this.opened.length = 0;
    return captureFile(this.tools(tools), join(this.folder, path));
  }

  /** Captures without any memory and returns the datum. */
  async afresh(request: Partial<WalkRequest> = {}): Promise<DatumId> {
    const other = await CapturePlace.create();
    const datumId = await other.capture({ knowsFiles: false }, { folder: this.folder, ...request });
    await other.close();
    return datumId;
  }

  /** Holds an object for good. */
  hold(objectClass: ObjectClass, objectId: ObjectId): void {
    const hold = { class: objectClass, objectId, owner: 'test', reason: 'test', expiresMs: null };
    this.store.transact('hold', (transaction) => transaction.putHold(hold));
  }

  entries(datumId: DatumId): DirectoryEntry[] {
    const datum = this.objects.readDatum(datumId);
    if (datum.kind !== 'map') throw new Error(`a ${datum.kind}`);
    return [...readDirectory(datum.root, this.objects)];
  }

  async close(): Promise<void> {
    await this.store.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
