import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { processStat } from './process-stat.ts';

/** Enough for the environment of nearly every process; a larger one is read in pieces. */
const buffer: Buffer = Buffer.allocUnsafe(256 * 1024);

/** Times that a process between two programs is looked at, a millisecond apart, before it counts as one without a mark. */
const MAX_LOOKS = 100;
const never: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/**
 * Returns the processes of this system whose environment, as it was when they started their program, has one of the
 * texts. They are found wherever they moved themselves: to another session, to another parent. Only Linux shows the
 * environment of other processes; elsewhere none is found. One that wiped its environment is not found either.
 *
 * Only processes that were started after the one with the number `after` are looked at, where one is given: numbers are
 * given in turn, so it must have been started a short time ago. `system` is where the system shows its processes.
 */
export function markedProcesses(
  marks: readonly string[],
  after?: number,
  system: string = '/proc',
): number[] {
  if (process.platform !== 'linux' || marks.length === 0) return [];
  const wanted = marks.map((mark) => Buffer.from(mark));
  const isNew = after === undefined ? () => true : newerThan(after);
  const found: number[] = [];
  let open = readdirSync(system)
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isNew(pid));
  for (let looks = 0; open.length > 0 && looks < MAX_LOOKS; looks += 1) {
    if (looks > 0) Atomics.wait(never, 0, 0, 1);
    open = open.filter((pid) => {
      const has = hasOne(`${system}/${pid}/environ`, wanted);
      if (has === true) found.push(pid);
      return has === undefined && mayHaveOne(pid, system, looks);
    });
  }
  return found;
}

/** Checks whether an environment has one of the texts; undefined where it is empty. */
function hasOne(path: string, wanted: readonly Buffer[]): boolean | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const size = readSync(fd, buffer, 0, buffer.length, null);
      if (size === 0) return undefined;
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

/**
 * Checks whether a process may have an environment that nothing was read of: the system was putting a new program into
 * it, which has no environment first, then an empty one that grows.
 */
function mayHaveOne(pid: number, system: string, looks: number): boolean {
  const stat = processStat(pid, system);
  if (stat === undefined || stat[MEMORY_BYTES] === '0') return false;
  const isEmpty = stat[ENVIRONMENT_END] !== '0' && stat[ENVIRONMENT_END] === stat[ENVIRONMENT_START];
  return !isEmpty || looks === 0;
}

/** Places of `vsize`, `env_start` and `env_end`. */
const MEMORY_BYTES = 20;
const ENVIRONMENT_START = 47;
const ENVIRONMENT_END = 48;

/** Returns what checks whether a process was started after another one. */
function newerThan(after: number): (pid: number) => boolean {
  const newest = Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));
  // After the highest number come low ones.
  return newest >= after ? (pid) => pid >= after && pid <= newest : () => true;
}
