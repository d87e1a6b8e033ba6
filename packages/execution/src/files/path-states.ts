import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileIdentity, isSameFile, isSettled, plainIdentity } from './file-identity.ts';
import type { FileSystem } from './file-system.ts';
import { KnownDevices } from './known-devices.ts';

/** Memory of a file or folder: by what it is known again, and what its content was stored as. */
export interface PathState extends FileIdentity {
  readonly path: string;
  readonly digest: string;
}

/** Paths as they were at one time. */
export interface SeenPaths {
  readonly present: readonly PathState[];
  readonly absent: readonly string[];
}

/** Compares files and folders with what they were at another time. */
export class PathStates {
  readonly #fileSystem: FileSystem;
  readonly #devices: KnownDevices;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
    this.#devices = new KnownDevices(fileSystem);
  }

  /**
   * Returns the states of paths; undefined where one is not as it is said to be, may have changed since `sinceMs`, or
   * would not be known again.
   */
  stateOf(present: readonly string[], absent: readonly string[], sinceMs: number): SeenPaths | undefined {
    const states: PathState[] = [];
    for (const path of present) {
      const stats = this.#look(path);
      // A link that was moved leads to what may have been there for long.
      const settled = [stats, this.#fileSystem.lstatSync(path, { throwIfNoEntry: false })];
      if (!stats || !this.#devices.keepIdentity(stats.dev, path)) return undefined;
      if (!settled.every((each) => each && isSettled(each, sinceMs))) return undefined;
      const digest = this.#digest(path, stats);
      if (digest === undefined) return undefined;
      states.push({ path, digest, ...plainIdentity(stats) });
    }
    return absent.some((path) => this.#look(path)) ? undefined : { present: states, absent };
  }

  /** Checks whether all paths are as they were seen: by their identities, and where those differ by their contents. */
  compare({ present, absent }: SeenPaths): 'same' | 'equal' | 'different' {
    let found: 'same' | 'equal' = 'same';
    for (const state of present) {
      const stats = this.#look(state.path);
      if (!stats) return 'different';
      if (isSameFile(stats, state) && this.#devices.keepIdentity(stats.dev, state.path)) continue;
      if (this.#digest(state.path, stats) !== state.digest) return 'different';
      found = 'equal';
    }
    return absent.some((path) => this.#look(path)) ? 'different' : found;
  }

  #look(path: string): Stats | undefined {
    return this.#fileSystem.statSync(path, { throwIfNoEntry: false });
  }

  /** Returns what stands for the bytes of a file or the names in a folder; undefined for what changes while it is read. */
  #digest(path: string, stats: Stats): string | undefined {
    if (!stats.isFile() && !stats.isDirectory()) return undefined;
    const hash = createHash('sha256');
    if (stats.isFile()) hash.update(this.#fileSystem.readFileSync(path));
    else for (const name of this.#namesIn(path)) hash.update(`${name}\0`);
    const after = this.#look(path);
    return after && isSameFile(after, stats) ? hash.digest('base64') : undefined;
  }

  /** Lists the names by which code may be found in a folder, with the targets of links, behind its own place. */
  #namesIn(folder: string): string[] {
    const names = this.#fileSystem
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && (!entry.isFile() || CODE.test(entry.name)))
      .map((entry) => {
        if (entry.isSymbolicLink())
          return `${entry.name}\0${this.#fileSystem.readlinkSync(`${folder}/${entry.name}`)}`;
        return entry.isDirectory() ? `${entry.name}/` : entry.name;
      });
    return [this.#fileSystem.realpathSync.native(folder), ...names.sort()];
  }
}

const CODE = /\.([cm]?[jt]sx?|json|css|node|wasm)$/;
