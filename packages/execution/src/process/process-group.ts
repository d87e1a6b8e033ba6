import { readdirSync, readFileSync } from 'node:fs';
import { send } from './send-signal.ts';

/** Returns a process group as it is given to `kill`, as long as something in it runs. */
export function livingGroup(leader: number | undefined): number[] {
  if (leader === undefined || !send(-leader, 0)) return [];
  // One that has ended stays until its parent asks for its end.
  return process.platform !== 'linux' || readdirSync('/proc').some((name) => runsIn(leader, name))
    ? [-leader]
    : [];
}

function runsIn(leader: number, name: string): boolean {
  if (!/^[0-9]+$/.test(name)) return false;
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
