import type { AttemptUsage } from '../adapters/port.ts';
import { childCpuMs, treeUsage } from '../process/process-usage.ts';
import { MEASURED_MS } from '../worker/thread-cpu.ts';

/** Longest pause between two looks at the processes. */
const MAX_PAUSE_MS = 500;

/**
 * Watches what the processes of an attempt use: at first when they have run for 100 ms, then after pauses that grow up
 * to half a second. An attempt that is shorter is not looked at.
 */
export class UsageWatch {
  readonly #pid: number;
  #timer: NodeJS.Timeout;
  #pauseMs = MEASURED_MS;
  #seen: { readonly cpuMs: number; readonly peakMemoryBytes: number } | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    // @spec DML-EXE-3726
    this.#timer = setTimeout(() => this.#look(), this.#pauseMs);
  }

  /** Resources that were seen; undefined for a short attempt, and where the system does not show them. */
  get usage(): AttemptUsage | undefined {
    return this.#seen;
  }

  /** Ends the watch; the processor time counts up to now, also of a process that has just ended. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#seen === undefined) return;
    const cpuMs = Math.max(this.#seen.cpuMs, childCpuMs(this.#pid) ?? 0);
    this.#seen = { ...this.#seen, cpuMs };
  }

  #look(): void {
    const now = treeUsage(this.#pid);
    const before = this.#seen ?? { cpuMs: 0, peakMemoryBytes: 0 };
    if (now !== undefined)
      this.#seen = {
        // @spec DML-EXE-3725
        cpuMs: Math.max(before.cpuMs, now.cpuMs),
        // @spec DML-EXE-3724
        peakMemoryBytes: Math.max(before.peakMemoryBytes, now.residentBytes, now.largestBytes),
      };
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
    this.#timer = setTimeout(() => this.#look(), this.#pauseMs);
  }
}
