import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** Enough for the environment of nearly every process; a larger one is read in pieces. */
const buffer: Buffer = Buffer.allocUnsafe(256 * 1024);

/**
 * Returns the processes of this system whose environment, as it was when they started their program, has one of the
 * texts. They are found wherever they moved themselves: to another session, to another parent. Only Linux shows the
 * environment of other processes; elsewhere none is found. One that wiped its environment is not found either.
 *
 * Only processes that were started after the one with the number `after` are looked at, where one is given: numbers are
 * given in turn, so it must have been started a short time ago.
 */
export function markedProcesses(marks: readonly string[], after?: number): number[] {
  if (process.platform !== 'linux' || marks.length === 0) return [];
  const wanted = marks.map((mark) => Buffer.from(mark));
  const found: number[] = [];
  const isNew = after === undefined ? () => true : newerThan(after);
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid && isNew(pid) && hasOne(`/proc/${name}/environ`, wanted))
      found.push(pid);
  }
  return found;
}

function hasOne(path: string, wanted: readonly Buffer[]): boolean {
  try {
    const fd = openSync(path, 'r');
    try {
      const size = readSync(fd, buffer, 0, buffer.length, 0);
      const content = size < buffer.length ? buffer.subarray(0, size) : readFileSync(path);
      return wanted.some((mark) => content.includes(mark));
    } finally {
      closeSync(fd);
    }
  } catch {
    // Gone, or of another user.
    return false;
  }
}

/** Returns what checks whether a process was started after another one. */
function newerThan(after: number): (pid: number) => boolean {
  const newest = Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));
  // After the highest number come low ones.
  return newest >= after ? (pid) => pid >= after && pid <= newest : () => true;
}
