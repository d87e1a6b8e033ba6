/**
 * Workaround for lmdb 3.5.6: `mdb_env_open` opens files by name, follows links and takes no descriptors. Can go
 * when it takes descriptors.
 */
import { mkdtempSync, rmdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeldFolder } from '../../store-folder/held-folder.ts';
import { effectiveUser } from '../../store-folder/owner.ts';
import { DATA_FILE, LOCK_FILE } from '../../store-folder/places.ts';

/** The two files of a store that the engine opens, as this process holds them. */
export interface EngineFiles {
  readonly folder: HeldFolder;
  readonly dataFile: number;
  /** Undefined where nothing can be written. */
  readonly lockFile: number | undefined;
}

/**
 * Runs `open` with the path of a folder in which the engine finds the very files that this process holds. The engine
 * opens files by name and follows links, so whoever can write to the store folder could otherwise put a link there
 * between the look at a file and its use, and have the engine write to where it leads.
 *
 * The folder is gone when `open` returns. Where none can be made, `open` gets the way to the store folder itself.
 */
export function withHeldFiles<T>(files: EngineFiles, open: (path: string) => T): T {
  const gate = Gate.make(files);
  if (gate === undefined) return open(files.folder.reach(''));
  try {
    return open(gate.path);
  } finally {
    gate.remove();
  }
}

const OWNER_ONLY = 0o700;

class Gate {
  readonly #folder: HeldFolder;

  private constructor(folder: HeldFolder) {
    this.#folder = folder;
  }

  static make({ folder, dataFile, lockFile }: EngineFiles): Gate | undefined {
    if (!folder.isPinned) return undefined;
    let gate: Gate | undefined;
    try {
      gate = new Gate(HeldFolder.open(mkdtempSync(join(tmpdir(), 'daggerml-'))));
      gate.#assertPrivate();
      gate.#lead(DATA_FILE, wayOf(dataFile));
      gate.#lead(LOCK_FILE, lockFile === undefined ? folder.reach(LOCK_FILE) : wayOf(lockFile));
      return gate;
    } catch {
      gate?.remove();
      return undefined;
    }
  }

  get path(): string {
    return this.#folder.reach('');
  }

  /** Throws when the folder is not private: others may have renamed theirs into its place. */
  #assertPrivate(): void {
    const { uid, mode } = this.#folder.stats();
    if (uid !== effectiveUser() || (mode & 0o777) !== OWNER_ONLY) throw new Error('not a folder of ours');
  }

  #lead(name: string, to: string): void {
    symlinkSync(to, this.#folder.reach(name));
  }

  remove(): void {
    try {
      for (const name of [DATA_FILE, LOCK_FILE]) this.#folder.removeFile(name);
      rmdirSync(this.#folder.path);
    } catch {
      // It is empty or somebody else's.
    } finally {
      this.#folder.close();
    }
  }
}

function wayOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}
