/**
 * Workaround for lmdb 3.5.6: it reads without a lock file only where the system reports `EROFS`, not where a lack
 * of permission is reported first. Can go when the engine looks at the mount.
 */
import { readFileSync } from 'node:fs';

/**
 * Positions of the id and the options of the mount in a line of /proc/self/mountinfo; those of its file system end it.
 */
const ID_AT = 0;
const OPTIONS_AT = 5;

/** Returns the id of the mount that an open file is on, from its /proc/self/fdinfo. */
export function mountIdOf(fdInfo: string): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(fdInfo)?.[1];
}

/** Checks whether a mount is read-only, or its file system is, from /proc/self/mountinfo. */
export function isMountReadOnly(mountInfo: string, mountId: string): boolean {
  // Spaces in paths and sources are escaped.
  const lines = mountInfo.split('\n').map((line) => line.split(' '));
  const mount = lines.find((words) => words[ID_AT] === mountId);
  const options = [mount?.[OPTIONS_AT], mount?.at(-1)].flatMap((each) => each?.split(',') ?? []);
  return options.includes('ro');
}

/** Checks whether an open file is known to be on a read-only mount; known on Linux only. */
export function isOnReadOnlyMount(descriptor: number): boolean {
  try {
    const mountId = mountIdOf(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'));
    if (mountId === undefined) return false;
    return isMountReadOnly(readFileSync('/proc/self/mountinfo', 'latin1'), mountId);
  } catch {
    return false;
  }
}
