import { constants } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  buildDirectory,
  checkFilePath,
  type DatumId,
  editDirectory,
  encodeRecord,
  type TreeRoot,
} from '@daggerml/object-model';
import type { CaptureTools } from './capture-tools.ts';
import { type DirectoryPlan, planChanges, planWhole } from './directory-plan.ts';
import { isSettled } from './file-identity.ts';
import { FileIntake } from './file-intake.ts';
import { FolderMemory } from './folder-memory.ts';
import { FolderWalk, type WalkedEntry, type WalkedFile, type WalkRequest } from './folder-walk.ts';
import { KnownDevices } from './known-devices.ts';
import { nearestDirectory } from './known-directories.ts';
import type { SeenFile } from './small-file.ts';
import { TakenEntries } from './taken-entries.ts';
import { unreadable } from './unreadable.ts';

/** Counts of captured and skipped files of a folder. */
export interface TakenFolder {
  readonly files: number;
  /** Files whose content was read; the others were as they were when they were read last. */
  readonly readFiles: number;
  /** Symbolic links that are kept. */
  readonly links: number;
  readonly emptyFolders: number;
  /** Files, links and empty folders that the filter left out. */
  readonly filteredFiles: number;
  /** Paths of what was left out by its name, without looking into it. */
  readonly leftOut: readonly string[];
}

export interface FolderListener {
  readonly onProgress: (files: number) => void;
  readonly onTaken: (taken: TakenFolder) => void;
}

const FILES_OF_PROGRESS = 100;
/** Entries after which everything else in the process gets its turn. */
const ENTRIES_OF_TURN = 64;
/** Folders with fewer and smaller files are read in less time than it takes to remember them. */
const MIN_FILES = 64;
const MIN_BYTES = 1024 * 1024;

/** Stores a folder as a directory and returns the datum. Rejects with `unreadable_file`. */
export async function captureFolder(
  tools: CaptureTools,
  request: WalkRequest,
  listener: FolderListener,
): Promise<DatumId> {
  const lost = new Set<DatumId>();
  for (;;) {
    const datumId = await new FolderCapture(tools, request, lost).run(listener);
    // @spec DML-EXE-0864
    if (datumId === undefined) continue;
    // What is remembered names it again.
    if (lost.size > 0 && !tools.objects.isDry) tools.objects.whenFull();
    return datumId;
  }
}

/** One attempt to capture a folder. */
class FolderCapture {
  readonly #tools: CaptureTools;
  readonly #request: WalkRequest;
  /** Datums that are remembered, and are not there any more. */
  readonly #lost: Set<DatumId>;
  readonly #walk: FolderWalk;
  readonly #memory: FolderMemory;
  readonly #devices: KnownDevices;
  readonly #intake: FileIntake;
  readonly #taken = new TakenEntries();
  readonly #sinceMs: number;
  #files = 0;
  /** Files that are remembered from now on. */
  #keptFiles = 0;
  #links = 0;
  #emptyFolders = 0;

  constructor(tools: CaptureTools, request: WalkRequest, lost: Set<DatumId>) {
    const { fileSystem, objects, nowMs, knowsFiles } = tools;
    this.#tools = tools;
    this.#request = request;
    this.#lost = lost;
    this.#sinceMs = nowMs();
    this.#walk = new FolderWalk(fileSystem, request);
    this.#memory = new FolderMemory(objects, this.#walk.realPath, knowsFiles);
    this.#devices = new KnownDevices(fileSystem);
    this.#intake = new FileIntake(fileSystem, objects);
  }

  /** Returns undefined when more turned out to be lost. */
  async run(listener: FolderListener): Promise<DatumId | undefined> {
    let entries = 0;
    for (const entry of this.#walk.entries()) {
      if (entry.kind === 'file') {
        const waiting = this.#takeFile(entry);
        if (waiting !== undefined) await waiting;
        if (this.#files % FILES_OF_PROGRESS === 0) listener.onProgress(this.#files);
      } else this.#takeOther(entry);
      entries += 1;
      // @spec DML-EXE-2900
      if (entries % ENTRIES_OF_TURN !== 0) continue;
      await setImmediate();
      // @spec DML-BND-0932
      this.#tools.assertOpen();
    }
    this.#taken.finish();
    const datumId = this.#directory();
    if (datumId === undefined) return undefined;
    this.#remember(datumId);
    const { filteredFiles, leftOut } = this.#walk;
    // @spec DML-BND-0918
    listener.onTaken({
      files: this.#files,
      readFiles: this.#intake.files,
      links: this.#links,
      emptyFolders: this.#emptyFolders,
      filteredFiles,
      leftOut,
    });
    return datumId;
  }

  #takeFile(entry: WalkedFile): Promise<void> | undefined {
    const { path, place, stats, isLinked } = entry;
    const isKeeping = this.#devices.keepIdentity(stats.dev, place);
    const known = this.#memory.files.find(path, stats);
    // @spec DML-EXE-0860
    if (known !== undefined && isKeeping && !this.#lost.has(known)) {
      this.#add(entry, known, { isRemembered: true, isKept: true });
      return undefined;
    }
    this.#checkPath(path);
    const seen = { place, identity: stats, isLinked };
    const isKept = isKeeping && isSettled(stats, this.#sinceMs);
    const datumId = this.#intake.isSmall(seen) ? this.#intake.takeSmall(seen) : undefined;
    // Nothing waits for a small file.
    if (datumId === undefined) return this.#takeSlowly(entry, seen, isKept);
    this.#add(entry, datumId, { isRemembered: false, isKept });
    return undefined;
  }

  async #takeSlowly(entry: WalkedFile, seen: SeenFile, isKept: boolean): Promise<void> {
    const { datumId, isAsSeen } = await this.#intake.take(seen);
    // @spec DML-EXE-0871
    this.#add(entry, datumId, { isRemembered: false, isKept: isKept && isAsSeen });
  }

  #add({ path, stats }: WalkedFile, blobDatumId: DatumId, { isRemembered, isKept }: FileFacts): void {
    this.#files += 1;
    // @spec DML-BND-0920
    const isExecutable = this.#request.keepsForms && (stats.mode & constants.S_IXUSR) !== 0;
    this.#taken.add({ kind: 'file', path, blobDatumId, isExecutable }, isRemembered);
    if (!isKept) return;
    this.#memory.files.add(blobDatumId);
    this.#keptFiles += 1;
  }

  #takeOther(entry: Exclude<WalkedEntry, WalkedFile>): void {
    // @spec DML-EXE-0867
    if (entry.kind === 'passed-over') return this.#memory.files.pass(entry.path);
    this.#checkPath(entry.path);
    this.#taken.add(entry);
    if (entry.kind === 'link') this.#links += 1;
    else this.#emptyFolders += 1;
  }

  #checkPath(path: string): void {
    try {
      checkFilePath(path);
    } catch (error) {
      throw unreadable(`${this.#request.folder}/${path}`, 'its name has a backslash, or is too long', error);
    }
  }

  /** Makes the directory of what was taken; undefined when something that is remembered is gone. */
  #directory(): DatumId | undefined {
    let directories = this.#memory.directories.filter(({ datumId }) => !this.#lost.has(datumId));
    for (;;) {
      const nearest = nearestDirectory(directories, this.#taken.runs);
      if (nearest === undefined) return this.#make(planWhole(this.#taken), undefined);
      const { known, ranges } = nearest;
      // Whatever a datum is made of is there as long as the datum is.
      if (this.#memory.retain([known.datumId]).length === 0) {
        // @spec DML-EXE-0865
        if (ranges.length === 0) return known.datumId;
        const { objects } = this.#tools;
        const datum = objects.readDatum(known.datumId);
        if (datum.kind === 'map')
          return this.#make(planChanges(this.#taken, ranges, datum.root, objects), datum.root);
      }
      directories = directories.filter((other) => other !== known);
    }
  }

  /** @spec DML-EXE-0866 */
  #make(
    { changes, rememberedDatumIds }: DirectoryPlan,
    base: TreeRoot<'map'> | undefined,
  ): DatumId | undefined {
    const { objects } = this.#tools;
    if (rememberedDatumIds.length > 0) {
      const missing = this.#memory.retain(rememberedDatumIds);
      for (const datumId of missing) this.#lost.add(datumId);
      if (missing.length > 0) return undefined;
    }
    const root = base ? editDirectory(base, changes, objects) : buildDirectory(this.#taken.all, objects);
    return objects.putDatum(encodeRecord({ type: 'datum', kind: 'map', root }));
  }

  #remember(datumId: DatumId): void {
    const isSmall = this.#files < MIN_FILES && this.#intake.sizeBytes < MIN_BYTES;
    if ((this.#keptFiles === 0 || isSmall) && !this.#memory.isKnown) return;
    // @spec DML-EXE-0872
    this.#memory.keep({ datumId, digests: this.#taken.runs.map(({ digest }) => digest) });
  }
}

interface FileFacts {
  readonly isRemembered: boolean;
  /** True when the file is to be remembered. */
  readonly isKept: boolean;
}
