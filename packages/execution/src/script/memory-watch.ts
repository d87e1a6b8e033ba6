import { readdirSync } from 'node:fs';
import { processStat } from '../process/process-stat.ts';

const INTERVAL_MS = 100;

/**
 * Watches the memory that a process and all its descendants use together and says once when it is more than a limit.
 * Only Linux shows it; elsewhere nothing is watched. Returns what ends the watch.
 */
export function watchMemory(pid: number, maxBytes: number, onExceeded: () => void): () => void {
  if (process.platform !== 'linux') return () => {};
  const timer = setInterval(() => {
    if (memoryOf(pid) <= maxBytes) return;
    clearInterval(timer);
    onExceeded();
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}

interface Usage {
  readonly parent: number;
  readonly session: number;
  readonly bytes: number;
}

const PAGE_BYTES = 4096;

/** Returns the resident memory of a process, of its session and of its descendants. */
function memoryOf(root: number): number {
  const usages = new Map<number, Usage>();
  for (const name of readdirSync('/proc')) {
    const usage = /^[0-9]+$/.test(name) ? usageOf(name) : undefined;
    if (usage) usages.set(Number(name), usage);
  }
  let bytes = 0;
  for (const [pid, usage] of usages)
    if (usage.session === root || descends(pid, root, usages)) bytes += usage.bytes;
  return bytes;
}

function descends(pid: number, root: number, usages: ReadonlyMap<number, Usage>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = usages.get(at)?.parent)
    if (at === root) return true;
  return false;
}

function usageOf(name: string): Usage | undefined {
  const fields = processStat(name);
  return (
    fields && {
      parent: Number(fields[1]),
      session: Number(fields[3]),
      bytes: Number(fields[21]) * PAGE_BYTES,
    }
  );
}
