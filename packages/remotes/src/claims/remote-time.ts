import type { RemoteFiles } from '../files/remote-files.ts';

/** Clocks of this machine. */
export interface LocalClocks {
  /** Milliseconds that never go back, from any beginning. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the machine believes. */
  wallMs(): number;
}

/** Clocks of the machine that this process runs on. */
export const machineClocks: LocalClocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** Time after which the remote is asked for its time again. @spec DML-REM-1120 */
const MAX_AGE_MS = 3_600_000;
/** Difference of the two clocks' progress from which one of them was set or stood still. */
const MAX_DRIFT_MS = 2_000;

/** Time of a remote's clock, measured once and carried on by the clocks of this machine as long as they agree. */
export class RemoteTime {
  readonly #files: RemoteFiles;
  readonly #clocks: LocalClocks;
  #known: { readonly remoteMs: number; readonly monotonicMs: number; readonly wallMs: number } | undefined;
  #asking: Promise<number> | undefined;

  constructor(files: RemoteFiles, clocks: LocalClocks) {
    this.#files = files;
    this.#clocks = clocks;
  }

  /** Returns the remote's time, without a request where it is known well enough. */
  async now(): Promise<number> {
    const known = this.#known;
    if (known === undefined) return await this.ask();
    const passedMs = this.#clocks.monotonicMs() - known.monotonicMs;
    const driftMs = Math.abs(this.#clocks.wallMs() - known.wallMs - passedMs);
    // A machine that slept or whose clock was set does not know how much time has passed.
    if (passedMs > MAX_AGE_MS || driftMs > MAX_DRIFT_MS) return await this.ask();
    return known.remoteMs + passedMs;
  }

  /** Asks the remote for its time; those who ask at the same time share the answer. */
  ask(): Promise<number> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<number> {
    const remoteMs = await this.#files.now();
    this.#known = { remoteMs, monotonicMs: this.#clocks.monotonicMs(), wallMs: this.#clocks.wallMs() };
    return remoteMs;
  }
}
