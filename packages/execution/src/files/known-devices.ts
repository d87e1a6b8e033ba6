import type { FileSystem } from './file-system.ts';

/**
 * Magic numbers of file systems of this machine that keep the number of a file and note the time of every change of it.
 * Those of other machines may show what they have remembered; those in memory do not note changes through a memory map;
 * images such as squashfs hold times that whoever made them chose.
 */
const IDENTITY_KEEPING: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
  0x794c7630, // overlayfs
  0x3153464a, // jfs
]);

/** The devices whose files can be known again. */
export class KnownDevices {
  readonly #fileSystem: FileSystem;
  readonly #devices = new Map<number, boolean>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Checks whether files of a device can be known again; `path` is of one of them. */
  keepIdentity(device: number, path: string): boolean {
    let isKept = this.#devices.get(device);
    if (isKept === undefined) {
      isKept = this.#look(path);
      this.#devices.set(device, isKept);
    }
    return isKept;
  }

  /** @spec DML-EXE-0863 */
  #look(path: string): boolean {
    try {
      return IDENTITY_KEEPING.has(this.#fileSystem.statfsSync(path).type >>> 0);
    } catch {
      return false;
    }
  }
}
