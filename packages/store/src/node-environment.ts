import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { mapBytesWithin } from './engine/engine-options.ts';
import { pause } from './engine/lock-wait.ts';
import type { FileSystemKind, ProcessIdentity, ProcessProbe, StoreEnvironment } from './environment.ts';

function tryRead<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Returns field 22 of /proc/<pid>/stat; the command name before it may hold spaces and brackets. */
function linuxStartTime(pid: number | 'self'): string | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'latin1'), '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function probeProcess(pid: number): ProcessProbe {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // What may not be signalled is there.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { state: 'dead' };
  }
  // In a new process namespace /proc may still be that of another one, where numbers mean other processes.
  const isOwnProc = tryRead(() => readlinkSync('/proc/self'), '') === String(process.pid);
  const startTime = isOwnProc ? linuxStartTime(pid) : undefined;
  // A process that cannot be looked at, as with hidepid, may well live. @spec DML-STO-0534
  return startTime === undefined ? { state: 'unknown' } : { state: 'alive', startTime };
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Returns what must be equal for start times of two processes to be comparable; empty where it cannot be read. */
function pidNamespace(): string {
  const ofNumbers = tryRead(() => readlinkSync('/proc/self/ns/pid'), '');
  return ofNumbers && `${ofNumbers} ${tryRead(() => readlinkSync('/proc/self/ns/time'), '')}`.trim();
}

/** Reads what Linux says of this process; elsewhere there is one namespace, and no more is known. */
function currentProcess(): ProcessIdentity {
  if (process.platform !== 'linux')
    return { pid: process.pid, startTime: '', bootId: '', pidNamespace: 'host' };
  return {
    pid: process.pid,
    startTime: linuxStartTime('self') ?? '',
    bootId: tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(), ''),
    pidNamespace: pidNamespace(),
  };
}

function fileSystemKind(path: string): FileSystemKind {
  const { type, bavail, bsize, blocks } = statfsSync(path);
  return { type, availableBytes: blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize };
}

/** Returns a soft limit of the process by its name in /proc; undefined where there is none or it is not known. */
function processLimit(name: string): number | undefined {
  const limits = tryRead(() => readFileSync('/proc/self/limits', 'latin1'), '');
  const line = limits.split('\n').find((each) => each.startsWith(name));
  const soft = line === undefined ? undefined : /^\s+(\d+)/.exec(line.slice(name.length))?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Returns the environment of this Node process; the only file of the store that reads clock, process or host. */
export function nodeEnvironment(overrides: Partial<StoreEnvironment> = {}): StoreEnvironment {
  return {
    nowMs: () => Date.now(),
    randomUuid: () => randomUUID(),
    process: currentProcess(),
    probe: probeProcess,
    statFileSystem: fileSystemKind,
    syncDirectory,
    isMainThread,
    holdsSlot: (pid, holders) => holders.has(pid),
    monotonicMs: () => performance.now(),
    pause,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    mapBytes: mapBytesWithin(processLimit('Max address space')),
    maxFileBytes: processLimit('Max file size'),
    failpoint: undefined,
    ...overrides,
  };
}
