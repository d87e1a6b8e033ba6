import { readdirSync, readFileSync } from 'node:fs';
import { processStat } from './process-stat.ts';

/** Resources of a process and of those that it has started and that still belong to it. */
export interface TreeUsage {
  /** Resident memory of all of them now, pages that they share counted with each. */
  readonly residentBytes: number;
  /** Largest resident memory that one of them has had. */
  readonly largestBytes: number;
  /** Time on processors of all of them, and of those that have ended and were waited for. */
  readonly cpuMs: number;
}

/** Processes that are looked at. */
const MAX_PROCESSES = 1_000;
/** Linux counts the time of processes in hundredths of a second. */
const TICK_MS = 10;
/** Place of the parent of a process behind its state. */
const PARENT = 1;
/** Places of the times of a process, and of its children that were waited for, behind its state. */
const TIMES = [11, 12, 13, 14];

/**
 * Returns what a child of this process and its descendants use; undefined where it has ended or the system does not show
 * it. Costs some 0.1 ms for each process.
 */
export function treeUsage(root: number): TreeUsage | undefined {
  if (!isChild(processStat(root))) return undefined;
  const usage = { residentBytes: 0, largestBytes: 0, cpuMs: 0 };
  const pids = [root];
  let isSeen = false;
  for (const pid of pids) {
    const memory = memoryOf(pid);
    if (memory === undefined) continue;
    isSeen = true;
    usage.residentBytes += memory.residentBytes;
    usage.largestBytes = Math.max(usage.largestBytes, memory.largestBytes);
    usage.cpuMs += cpuMsOf(processStat(pid));
    if (pids.length < MAX_PROCESSES) pids.push(...childrenOf(pid));
  }
  return isSeen ? usage : undefined;
}

/**
 * Returns the time on processors of a child of this process, also of one that has ended and was not waited for, and of its
 * own children that were; undefined without it.
 */
export function childCpuMs(pid: number): number | undefined {
  const stat = processStat(pid);
  return isChild(stat) ? cpuMsOf(stat) : undefined;
}

/** Checks whether a process is a child of this one; its number may have been given to another one. */
function isChild(stat: readonly string[] | undefined): stat is readonly string[] {
  return stat !== undefined && Number(stat[PARENT]) === process.pid;
}

function cpuMsOf(stat: readonly string[] | undefined): number {
  return stat === undefined ? 0 : TIMES.reduce((sum, place) => sum + Number(stat[place]), 0) * TICK_MS;
}

/** Returns the resident memory of a process, now and at most; undefined for one that has ended. */
function memoryOf(pid: number): Pick<TreeUsage, 'residentBytes' | 'largestBytes'> | undefined {
  const status = textOf(`/proc/${pid}/status`);
  const [resident, largest] = ['VmRSS', 'VmHWM'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN),
  );
  if (resident === undefined || largest === undefined || Number.isNaN(resident + largest)) return undefined;
  return { residentBytes: resident * 1024, largestBytes: largest * 1024 };
}

function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
