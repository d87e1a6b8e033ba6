import type { Stats } from 'node:fs';

const WRITE_BY_GROUP = 0o020;
const WRITE_BY_ALL = 0o002;

/** Returns the number of the user whose rights this process has; undefined where the system has no such numbers. */
export function effectiveUser(): number | undefined {
  return process.geteuid?.();
}

/** Checks whether everybody on the machine may write to a file or folder. */
export function isWritableByAll({ mode }: Pick<Stats, 'mode'>): boolean {
  return effectiveUser() !== undefined && (mode & WRITE_BY_ALL) !== 0;
}

/** Checks whether a file or folder belongs to the user of this process and nobody else may write to it. */
export function isOwnAlone({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  const user = effectiveUser();
  return user === undefined || (uid === user && (mode & (WRITE_BY_GROUP | WRITE_BY_ALL)) === 0);
}
