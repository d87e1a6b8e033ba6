import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { mapBytesWithin } from './engine/engine-options.ts';
import type { FileSystemKind, ProcessIdentity, ProcessProbe, StoreEnvironment } from './environment.ts';

function tryRead<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold spaces and brackets. */
function linuxStartTime(pid: number): string | undefined {
  return tryRead(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }, undefined);
}

function probeProcess(pid: number): ProcessProbe {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { state: 'dead' };
  }
  const startTime = linuxStartTime(pid);
  if (startTime !== undefined) return { state: 'alive', startTime };
  return process.platform === 'linux' ? { state: 'dead' } : { state: 'unknown' };
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function currentProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: linuxStartTime(process.pid) ?? '',
    bootId: tryRead(
      () => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      `host:${hostname()}`,
    ),
    pidNamespace: tryRead(() => readlinkSync('/proc/self/ns/pid'), `host:${hostname()}`),
  };
}

function fileSystemKind(path: string): FileSystemKind {
  const { type, bavail, bsize, blocks } = statfsSync(path);
  return { type, availableBytes: blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize };
}

/** A soft limit of the process by its name in /proc; undefined where there is none or it is not known. */
function processLimit(name: string): number | undefined {
  const limits = tryRead(() => readFileSync('/proc/self/limits', 'latin1'), '');
  const line = limits.split('\n').find((each) => each.startsWith(name));
  const soft = line === undefined ? undefined : /^\s+(\d+)/.exec(line.slice(name.length))?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Yields the environment of this Node process; the only file of the store that reads clock, process or host. */
export function nodeEnvironment(overrides: Partial<StoreEnvironment> = {}): StoreEnvironment {
  return {
    nowMs: () => Date.now(),
    randomUuid: () => randomUUID(),
    process: currentProcess(),
    probe: probeProcess,
    statFileSystem: fileSystemKind,
    syncDirectory,
    isMainThread,
    mapBytes: mapBytesWithin(processLimit('Max address space')),
    maxFileBytes: processLimit('Max file size'),
    failpoint: undefined,
    ...overrides,
  };
}
