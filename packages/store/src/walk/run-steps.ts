import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';

/** Options of a run of steps. */
export interface StepOptions<Step> {
  /** Called after each step; the next one waits for it. */
  readonly onStep?: ((step: Step) => void | Promise<void>) | undefined;
  /** Ends the work between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs steps to their end with a turn of the event loop after each; closes the generator however that ends. */
export async function runSteps<Step, Result>(
  steps: Generator<Step, Result, undefined>,
  { onStep, signal }: StepOptions<Step> = {},
): Promise<Result> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const step = steps.next();
      if (step.done === true) return step.value;
      await setImmediate();
      await onStep?.(step.value);
    }
  } finally {
    steps.return(undefined as Result);
  }
}

/** Waits for a turn of the event loop within a walk; reads after it see the newest commit. */
export async function nextTurn(engine: Engine): Promise<void> {
  await setImmediate();
  refreshSnapshot(engine);
}
