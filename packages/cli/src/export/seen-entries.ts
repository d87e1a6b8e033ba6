import { type BigIntStats, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Entries at a path when its replacement was agreed to, by inode numbers and times; later ones are not part of it.
 */
export class SeenEntries {
  /** Undefined where nothing stood. */
  readonly #root: string | undefined;
  readonly #entries: ReadonlySet<string>;

  private constructor(root: string | undefined, entries: ReadonlySet<string>) {
    this.#root = root;
    this.#entries = entries;
  }

  /** Notes what stands at a path, without following links; of a folder also what is in it, if that is wanted. */
  static at(path: string, isDeep: boolean): SeenEntries {
    const entries = new Set<string>();
    const list = (folder: string): void => {
      for (const name of readdirSync(folder)) {
        const place = join(folder, name);
        const stats = look(place);
        if (stats === undefined) continue;
        entries.add(identityOf(stats));
        if (stats.isDirectory()) list(place);
      }
    };
    const root = look(path);
    if (isDeep && root?.isDirectory()) list(path);
    return new SeenEntries(root && rootIdentity(root), entries);
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  /** Checks whether it is the same that stands at `path`, whatever has become of what is in it. */
  isAt(path: string): boolean {
    const stats = look(path);
    return stats !== undefined && rootIdentity(stats) === this.#root;
  }

  /** Removes what was seen from where it is now; false when something else is left there. */
  removeFrom(path: string): boolean {
    const stats = look(path);
    if (stats === undefined) return true;
    if (rootIdentity(stats) !== this.#root) return false;
    return stats.isDirectory() ? this.#removeFolder(path) : attempt(() => unlinkSync(path));
  }

  #removeFolder(folder: string): boolean {
    for (const name of readdirSync(folder)) {
      const place = join(folder, name);
      const stats = look(place);
      if (stats === undefined || !this.#entries.has(identityOf(stats))) continue;
      if (stats.isDirectory()) this.#removeFolder(place);
      else attempt(() => unlinkSync(place));
    }
    return attempt(() => rmdirSync(folder));
  }
}

function attempt(remove: () => void): boolean {
  try {
    remove();
    return true;
  } catch {
    return false;
  }
}

function look(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Returns the identity of an entry; of a folder only the inode, since its times change with its content. */
function identityOf(stats: BigIntStats): string {
  return stats.isDirectory() ? rootIdentity(stats) : `${rootIdentity(stats)}:${stats.ctimeNs}`;
}

/** Returns the identity of the root, without the time of change, which a rename sets. */
function rootIdentity(stats: BigIntStats): string {
  const { dev, ino, size, mtimeNs } = stats;
  return stats.isDirectory() ? `${dev}:${ino}` : `${dev}:${ino}:${size}:${mtimeNs}`;
}
