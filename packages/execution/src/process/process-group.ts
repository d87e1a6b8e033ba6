import { readdirSync } from 'node:fs';
import { processStat } from './process-stat.ts';
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
  const [state, , group] = processStat(name) ?? ['X'];
  return Number(group) === leader && state !== 'Z' && state !== 'X';
}
