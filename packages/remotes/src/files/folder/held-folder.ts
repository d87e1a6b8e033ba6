import {
  close,
  constants,
  type Dir,
  fstat,
  fsync,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rmdir,
  type Stats,
  stat,
  unlink,
} from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, type FolderCalls } from './folder-calls.ts';
import { MisplacedError } from './folder-error.ts';

const system = {
  fstat: promisify(fstat),
  fsync: promisify(fsync),
  lstat: promisify(lstat),
  mkdir: promisify(mkdir),
  open: promisify(open),
  opendir: promisify(opendir),
  readdir: promisify(readdir),
  realpath: promisify(realpath),
  rename: promisify(rename),
  rmdir: promisify(rmdir),
  stat: promisify(stat),
  unlink: promisify(unlink),
};

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;
/** Answers of file systems that cannot make a folder durable on its own. */
const NO_SYNC: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF']);
/** Entries that a listing reads at once. */
const ENTRIES_AT_ONCE = 256;

/** Numbers that no other folder has while a descriptor holds it. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

interface Place extends Identity {
  /** Path without links. */
  readonly path: string;
}

/**
 * A folder whose entries are reached through an open descriptor: whatever takes the place of the folder, or of one above
 * it, is none of it. No link in it is followed.
 *
 * Where the system has no `/proc`, each step looks first whether the folder still stands at its path.
 */
export class HeldFolder {
  /** Path below the root of the remote, for messages; empty for the root. */
  readonly shownPath: string;
  readonly calls: FolderCalls;
  readonly #descriptor: number;
  /** Place of the folder, where it is not reached through the descriptor. */
  readonly #place: Place | undefined;

  private constructor(calls: FolderCalls, descriptor: number, shownPath: string, place?: Place) {
    this.calls = calls;
    this.#descriptor = descriptor;
    this.shownPath = shownPath;
    this.#place = place;
  }

  /** Opens the root of a remote; links on the way to it are followed, as the user named it. */
  static async openRoot(calls: FolderCalls, path: string): Promise<HeldFolder> {
    const descriptor = await openFolder(calls, path, { flags: FOLDER, shownPath: '' });
    try {
      if (await canPin(calls, descriptor)) return new HeldFolder(calls, descriptor, '');
      const plainPath = await calls.run('look', '', () => system.realpath(path));
      return new HeldFolder(calls, descriptor, '', {
        path: plainPath,
        ...(await identityOf(calls, descriptor)),
      });
    } catch (error) {
      closeLate(descriptor);
      throw error;
    }
  }

  /** Returns the path of an entry below the root of the remote. */
  shown(name: string): string {
    return this.shownPath === '' ? name : `${this.shownPath}/${name}`;
  }

  /** Returns a path that leads to an entry of this very folder now; for the system alone. */
  async reach(name: string): Promise<string> {
    const place = this.#place;
    if (place === undefined) return `/proc/self/fd/${this.#descriptor}/${name}`;
    const present = await this.calls.run('look', this.shownPath, () => lstatOrNothing(place.path));
    if (!areSame(present, place)) throw new MisplacedError(this.shownPath, 'not_a_folder');
    return `${place.path}/${name}`;
  }

  /** Opens a folder in this one; undefined when nothing is there. Throws `MisplacedError` for anything else. */
  async child(name: string): Promise<HeldFolder | undefined> {
    const path = await this.reach(name);
    const shownPath = this.shown(name);
    let descriptor: number;
    try {
      // @spec DML-REM-0618
      descriptor = await openFolder(this.calls, path, { flags: FOLDER | constants.O_NOFOLLOW, shownPath });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return undefined;
      if (errno !== 'ENOTDIR' && errno !== 'ELOOP' && errno !== 'EMLINK') throw error;
      const isLink = (await this.look(name))?.isSymbolicLink();
      throw new MisplacedError(shownPath, isLink ? 'link' : 'not_a_folder');
    }
    if (this.#place === undefined) return new HeldFolder(this.calls, descriptor, shownPath);
    try {
      return new HeldFolder(this.calls, descriptor, shownPath, {
        path,
        ...(await identityOf(this.calls, descriptor)),
      });
    } catch (error) {
      closeLate(descriptor);
      throw error;
    }
  }

  /** Makes a folder that is not there. */
  async make(name: string): Promise<HeldFolder> {
    await this.makeEntry(name);
    const made = await this.child(name);
    if (made === undefined) throw new MisplacedError(this.shown(name), 'not_a_folder');
    return made;
  }

  /** Makes a folder that is not there, without opening it. */
  async makeEntry(name: string): Promise<void> {
    const path = await this.reach(name);
    await this.calls.run('mkdir', this.shown(name), () => system.mkdir(path));
  }

  /** Returns what an entry is, a link itself; undefined when nothing is there. */
  async look(name: string): Promise<Stats | undefined> {
    const path = await this.reach(name);
    const looking = this.calls.run('look', this.shown(name), () => system.lstat(path));
    return undefinedIfAbsent(looking);
  }

  /** Returns the names of all entries; none when the folder was removed. */
  async names(): Promise<string[]> {
    const path = await this.reach('');
    const reading = this.calls.run('names', this.shownPath, () => system.readdir(path));
    return (await undefinedIfAbsent(reading)) ?? [];
  }

  /** Yields the names of all entries in groups; those that come and go meanwhile may be among them. */
  async *nameGroups(): AsyncGenerator<string[], void, undefined> {
    const path = await this.reach('');
    const options = { bufferSize: ENTRIES_AT_ONCE };
    const closing = (dir: Dir): void => dir.close(() => {});
    const opening = this.calls.run('open', this.shownPath, () => system.opendir(path, options), closing);
    const dir = await undefinedIfAbsent(opening);
    if (dir === undefined) return;
    try {
      for (let names: string[] = []; ; ) {
        const entry = await this.calls.run('names', this.shownPath, () => dir.read());
        if (entry !== null) names.push(entry.name);
        if (names.length === ENTRIES_AT_ONCE || entry === null) {
          yield names;
          names = [];
        }
        if (entry === null) return;
      }
    } finally {
      closing(dir);
    }
  }

  /** Renames an entry; `into` is the folder that it moves to, this one by default. */
  async rename(from: string, to: string, into: HeldFolder = this): Promise<void> {
    const [path, newPath] = [await this.reach(from), await into.reach(to)];
    await this.calls.run('rename', into.shown(to), () => system.rename(path, newPath));
  }

  /** Removes an entry that is no folder; one that is gone is no error. A link goes, what it leads to stays. */
  async unlink(name: string): Promise<void> {
    const path = await this.reach(name);
    try {
      await undefinedIfAbsent(this.calls.run('unlink', this.shown(name), () => system.unlink(path)));
    } catch (error) {
      // Systems differ in what they answer to a folder.
      const mayBeFolder = errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM';
      if (mayBeFolder && (await this.look(name))?.isDirectory())
        throw new MisplacedError(this.shown(name), 'not_a_file');
      throw error;
    }
  }

  /** Removes a folder that is empty; one that is gone is no error. */
  async removeEmptyFolder(name: string): Promise<void> {
    const path = await this.reach(name);
    await undefinedIfAbsent(this.calls.run('rmdir', this.shown(name), () => system.rmdir(path)));
  }

  /** Makes the names in the folder durable. */
  async sync(): Promise<void> {
    try {
      await this.calls.run('sync', this.shownPath, () => system.fsync(this.#descriptor));
    } catch (error) {
      if (!NO_SYNC.has(errnoOf(error))) throw error;
    }
  }

  /** Ends the use of the folder. */
  close(): void {
    closeLate(this.#descriptor);
  }
}

/** Closes what nobody waits for: nothing was written through it. */
function closeLate(descriptor: number): void {
  close(descriptor, () => {});
}

function openFolder(
  calls: FolderCalls,
  path: string,
  { flags, shownPath }: { readonly flags: number; readonly shownPath: string },
): Promise<number> {
  return calls.run('open', shownPath, () => system.open(path, flags), closeLate);
}

function identityOf(calls: FolderCalls, descriptor: number): Promise<Identity> {
  return calls.run('look', '', () => system.fstat(descriptor, { bigint: true }));
}

/** Checks whether the system reaches the entries of a folder through its descriptor. */
async function canPin(calls: FolderCalls, descriptor: number): Promise<boolean> {
  calls.canPin ??= areSame(
    await calls.run('look', '', () => statOrNothing(`/proc/self/fd/${descriptor}/`)),
    await identityOf(calls, descriptor),
  );
  return calls.canPin;
}

const lstatOrNothing = (path: string): Promise<Identity | undefined> =>
  system.lstat(path, { bigint: true }).catch(() => undefined);
const statOrNothing = (path: string): Promise<Identity | undefined> =>
  system.stat(path, { bigint: true }).catch(() => undefined);

function areSame(one: Identity | undefined, other: Identity): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

async function undefinedIfAbsent<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
