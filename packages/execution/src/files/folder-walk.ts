import { constants, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { foldersAbove, isLinkTarget, nfcText } from '@daggerml/object-model';
import type { FileSystem } from './file-system.ts';
import { folderEntries, sortByBytes } from './folder-names.ts';
import { CHANGED, errorCode, refusedBySystem, unreadable } from './unreadable.ts';

/** Entry at one path below a folder; `passed-over` is present and not captured. */
export type WalkedEntry =
  | WalkedFile
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'empty-folder'; readonly path: string }
  | { readonly kind: 'passed-over'; readonly path: string };

export interface WalkedFile {
  readonly kind: 'file';
  readonly path: string;
  /** Absolute path. */
  readonly place: string;
  readonly stats: Stats;
  /** True when a link led to it. */
  readonly isLinked: boolean;
}

export interface WalkRequest {
  /** Absolute path. */
  readonly folder: string;
  /** True when links inside and empty folders are entries; else links are followed and folders leave no trace. */
  readonly keepsForms: boolean;
  /** Takes what is in `.git` and `node_modules` too. */
  readonly all: boolean;
  readonly filter: (path: string) => boolean;
  /** Checks whether an entry of a folder is the data of a repository. */
  readonly isRepository: (folder: string, name: string) => boolean;
}

/** Made by tools, large, and never the same on two machines. */
const NO_DATA: ReadonlySet<string> = new Set(['.git', 'node_modules']);
const ASCII = /^[\u0000-\u007f]*$/;

/** A symbolic link: where it leads, if it is kept, else what it leads to, if that is there. */
interface Link {
  readonly target?: string;
  readonly stats?: Stats;
  readonly error?: unknown;
}

/** A folder on the way down. */
interface Level {
  /** Path below the outermost folder, empty or ending in a slash. */
  readonly prefix: string;
  readonly realPath: string;
  /** Length of the prefix of the nearest folder at or above that a link led to. */
  readonly ownLength: number;
  /** Names in order, those of folders with a slash. */
  readonly names: readonly string[];
  readonly links: ReadonlyMap<string, Link>;
  readonly others: ReadonlySet<string>;
  /** True when all names in the folder are ASCII, and those in the folders above. */
  readonly isPlain: boolean;
  /** True when the folder holds nothing at all, also nothing that is left out. */
  readonly isEmpty: boolean;
  at: number;
}

/** Properties that a folder inherits from its parents. */
type Inherited = Pick<Level, 'ownLength' | 'isPlain'>;

const OUTSIDE: Inherited = { ownLength: 0, isPlain: true };

/** Walks a folder and lists what is taken of it, in the order of the keys of a directory. */
export class FolderWalk {
  readonly #fileSystem: FileSystem;
  readonly #request: WalkRequest;
  /** Paths of entries and of folders above them by what they are after NFC, where names are not all ASCII. */
  readonly #spellings = new Map<string, string>();
  readonly leftOut: string[] = [];
  filteredFiles = 0;
  /** Path of the folder, with links resolved. */
  readonly realPath: string;

  /** Throws `unreadable_file` for a folder that is not there. */
  constructor(fileSystem: FileSystem, request: WalkRequest) {
    this.#fileSystem = fileSystem;
    this.#request = request;
    this.realPath = this.#realPath(request.folder);
  }

  *entries(): Generator<WalkedEntry> {
    const open: Level[] = [this.#level('', this.realPath, OUTSIDE)];
    for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
      const name = level.names[level.at++];
      if (name === undefined) open.pop();
      else if (!name.endsWith('/') || this.#isLeftOut(name.slice(0, -1))) {
        const entry = this.#entry(level, name);
        if (entry !== undefined) yield entry;
      } else {
        const below = this.#enter(level, name, open);
        open.push(below);
        // @spec DML-BND-0924
        if (below.isEmpty && this.#request.keepsForms)
          yield this.#take(below, { kind: 'empty-folder', path: below.prefix.slice(0, -1) });
      }
    }
  }

  #level(prefix: string, realPath: string, { ownLength, isPlain: isAbovePlain }: Inherited): Level {
    const path = this.#place(prefix.slice(0, -1));
    const names: string[] = [];
    const links = new Map<string, Link>();
    const others = new Set<string>();
    const entries = folderEntries(this.#fileSystem, path);
    for (const entry of entries) {
      const { name } = entry;
      // @spec DML-BND-0913
      if (this.#request.isRepository(path, name)) continue;
      if (entry.isFile()) names.push(name);
      else if (this.#isFolder(entry, { prefix, ownLength }, links)) names.push(`${name}/`);
      else {
        names.push(name);
        if (!entry.isSymbolicLink()) others.add(name);
      }
    }
    const isEmpty = entries.length === 0;
    const isPlain = isAbovePlain && names.every((name) => ASCII.test(name));
    return { prefix, realPath, ownLength, names: sortByBytes(names), links, others, isPlain, isEmpty, at: 0 };
  }

  /** Checks whether an entry is a folder, or a link to one that is followed. */
  #isFolder(entry: Dirent, level: Pick<Level, 'prefix' | 'ownLength'>, links: Map<string, Link>): boolean {
    if (!entry.isSymbolicLink() || this.#isLeftOut(entry.name)) return entry.isDirectory();
    const link = this.#link(`${level.prefix}${entry.name}`, level.ownLength);
    links.set(entry.name, link);
    return link.stats?.isDirectory() === true;
  }

  #link(path: string, ownLength: number): Link {
    const place = this.#place(path);
    try {
      if (this.#request.keepsForms) {
        const bytes = this.#fileSystem.readlinkSync(place, { encoding: 'buffer' });
        const text = bytes.toString('utf8');
        // @spec DML-BND-0923
        const target = Buffer.from(text).equals(bytes) ? keptTarget(path.slice(ownLength), text) : undefined;
        if (target !== undefined) return { target };
      }
      // @spec DML-BND-0922
      return { stats: this.#fileSystem.statSync(place) };
    } catch (error) {
      return { error };
    }
  }

  #enter(level: Level, name: string, open: readonly Level[]): Level {
    const prefix = `${level.prefix}${name}`;
    const isLinked = level.links.has(name.slice(0, -1));
    const path = this.#place(prefix.slice(0, -1));
    const realPath = isLinked ? this.#realPath(path) : join(level.realPath, name.slice(0, -1));
    // @spec DML-BND-0912
    if (open.some((above) => above.realPath === realPath))
      throw unreadable(path, 'it is a link to a folder that it is in');
    return this.#level(prefix, realPath, isLinked ? { ...level, ownLength: prefix.length } : level);
  }

  #entry(level: Level, name: string): WalkedEntry | undefined {
    const bare = name.endsWith('/') ? name.slice(0, -1) : name;
    const path = `${level.prefix}${bare}`;
    // @spec DML-BND-0915
    if (this.#isLeftOut(bare)) {
      this.leftOut.push(path);
      return { kind: 'passed-over', path };
    }
    const link = level.links.get(bare);
    // @spec DML-BND-0927
    if (link?.target !== undefined) return this.#take(level, { kind: 'link', path, target: link.target });
    // @spec DML-BND-0916
    if (!this.#request.filter(path)) {
      this.filteredFiles += 1;
      return { kind: 'passed-over', path };
    }
    const place = this.#place(path);
    if (level.others.has(bare)) throw neither(place);
    if (link?.error !== undefined)
      throw unreadable(place, `it is a link to what is not there (${errorCode(link.error)})`, link.error);
    const stats = link?.stats ?? this.#look(place);
    if (!isPlainFile(stats)) throw link ? neither(place) : unreadable(place, CHANGED);
    if (!level.isPlain) this.#noteSpelling(path);
    // @spec DML-BND-0917
    return { kind: 'file', path, place, stats, isLinked: link !== undefined };
  }

  /** Asks the filter about an entry that is no file. */
  #take(level: Level, entry: WalkedEntry): WalkedEntry {
    const { path } = entry;
    if (!this.#request.filter(path)) {
      this.filteredFiles += 1;
      return { kind: 'passed-over', path };
    }
    if (!level.isPlain) this.#noteSpelling(path);
    return entry;
  }

  #isLeftOut(name: string): boolean {
    return NO_DATA.has(name) && !this.#request.all;
  }

  #noteSpelling(path: string): void {
    for (const each of [...foldersAbove(path), path]) {
      const spelling = nfcText(each);
      const other = this.#spellings.get(spelling) ?? each;
      // @spec DML-BND-0928
      if (other !== each)
        throw unreadable(this.#place(each), `its name is the same text as that of ${other}`);
      this.#spellings.set(spelling, each);
    }
  }

  #look(place: string): Stats {
    try {
      return this.#fileSystem.lstatSync(place);
    } catch (error) {
      throw refusedBySystem(place, error);
    }
  }

  #realPath(place: string): string {
    try {
      return this.#fileSystem.realpathSync(place);
    } catch (error) {
      throw refusedBySystem(place, error);
    }
  }

  /** Returns the path of an entry in the file system. */
  #place(path: string): string {
    const { folder } = this.#request;
    return path === '' ? folder : `${folder === '/' ? '' : folder}/${path}`;
  }
}

/** Checks whether what was looked at is a file with content of its own. */
export function isPlainFile(stats: Stats): boolean {
  return (stats.mode & constants.S_IFMT) === constants.S_IFREG;
}

/**
 * Returns the path that a kept link holds: that of the file system without `.` and what slashes are too many. Undefined
 * for a link that leads out of the folder, or to a place that such a path cannot say.
 *
 * `path` is that of the link, below the outermost folder that it may lead to.
 *
 * @spec DML-BND-0921
 */
function keptTarget(path: string, target: string): string | undefined {
  if (target.startsWith('/')) return undefined;
  const written = target
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return isLinkTarget(path, written) ? written : undefined;
}

/** @spec DML-BND-0907 */
function neither(place: string): Error {
  return unreadable(place, 'it is neither a file nor a folder');
}
