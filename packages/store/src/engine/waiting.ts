import type { StoreEnvironment, Waiting, WaitOptions } from '../environment.ts';
import { storeError } from '../errors.ts';
import { LOCK_WAIT_MS } from './lock-wait.ts';

/** Environment of a wait. */
export type WaitEnvironment = WaitOptions & Pick<StoreEnvironment, 'monotonicMs' | 'pause' | 'sleep'>;

/** Something that may have to wait: it yields how many milliseconds to pause before it goes on. */
export type Steps<T> = Generator<number, T, undefined>;

/** Age of a wait at which the observer hears of it. */
const NOTE_AFTER_MS = 1000;
/** Shorter waits are not worth a change of what signals do. */
const BLOCKED_AFTER_MS = 10;
/** A wait that nothing has changed in for so long is looked at less often. */
const STILL_AFTER_MS = 1000;
const SHORT_PAUSE_MS = 0.1;
const LONG_PAUSE_MS = 5;

/** One wait: how long it has lasted, whether it was reported, and when it is over. */
export class LockWait {
  readonly #environment: WaitEnvironment;
  readonly #beganMs: number;
  #changedMs: number;
  #state = '';
  #isTold = false;

  constructor(environment: WaitEnvironment) {
    this.#environment = environment;
    this.#beganMs = environment.monotonicMs();
    this.#changedMs = this.#beganMs;
  }

  /**
   * Returns for how long to pause before the next look. `state` is what the wait depends on, as the last look
   * found it; throws `store_busy` when it has not changed for too long.
   */
  next(state: string, describe: () => Waiting): number {
    const { monotonicMs, lockWaitMs = LOCK_WAIT_MS, onWait } = this.#environment;
    const nowMs = monotonicMs();
    if (state !== this.#state) this.#changedMs = nowMs;
    this.#state = state;
    const stillMs = nowMs - this.#changedMs;
    // @spec DML-STO-0751
    if (stillMs >= lockWaitMs) throw busyAfter(describe(), stillMs);
    // @spec DML-STO-0750
    if (!this.#isTold && nowMs - this.#beganMs >= NOTE_AFTER_MS) {
      this.#isTold = true;
      onWait?.(describe());
    }
    return stillMs < STILL_AFTER_MS ? SHORT_PAUSE_MS : LONG_PAUSE_MS;
  }
}

function busyAfter({ reason, path, pid, namespace }: Waiting, waitedMs: number): Error {
  return storeError('store_busy', {
    detail: reason,
    path,
    waitedMs: Math.round(waitedMs),
    ...(pid !== undefined && { pid }),
    ...(namespace !== undefined && { namespace }),
  });
}

/** Runs steps to their end and blocks the thread in every pause. */
export function runBlocking<T>(steps: Steps<T>, environment: WaitEnvironment): T {
  let step = steps.next();
  if (step.done === true) return step.value;
  const beganMs = environment.monotonicMs();
  let unblock: (() => void) | undefined;
  try {
    while (step.done !== true) {
      // @spec DML-STO-0752
      if (unblock === undefined && environment.monotonicMs() - beganMs >= BLOCKED_AFTER_MS)
        unblock = environment.whileBlocked?.() ?? nothing;
      environment.pause(step.value);
      step = steps.next();
    }
    return step.value;
  } finally {
    unblock?.();
  }
}

function nothing(): void {}

/** Runs steps to their end and frees the thread in every pause; the signal ends them there. */
export async function runWaiting<T>(
  steps: Steps<T>,
  environment: WaitEnvironment,
  signal?: AbortSignal,
): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    try {
      signal?.throwIfAborted();
      await environment.sleep(step.value, signal);
    } catch (error) {
      // @spec DML-STO-0753
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}
