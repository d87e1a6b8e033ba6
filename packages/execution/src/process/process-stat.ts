import { readFileSync } from 'node:fs';

/** Returns what Linux counts of a process, from its state on, in the order of `/proc/<pid>/stat`; undefined without it. */
export function processStat(pid: number | string, system: string = '/proc'): readonly string[] | undefined {
  try {
    const stat = readFileSync(`${system}/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
