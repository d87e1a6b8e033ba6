import { whenWritable } from '../engine/lock-file.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import type { ObjectName } from '../excision/plan.ts';
import { rootsNow } from '../walk/roots.ts';
import { runSteps } from '../walk/run-steps.ts';
import { type CollectOptions, collectSteps, type GcHost, type GcReport } from './collect.ts';
import { type GcPlan, type GcProgress, markStore } from './mark-phase.ts';
import { explainSteps, type GcReason } from './why.ts';

export interface RunOptions {
  readonly onProgress?: (progress: GcProgress) => void;
  /** Ends the work between two steps; what was swept by then stays swept. */
  readonly signal?: AbortSignal;
}

/** Phases whose next step is a transaction. */
const WRITING: ReadonlySet<GcProgress['phase']> = new Set(['sweep', 'prune']);

/**
 * Returns what a collection would do now, having written nothing; works on a store opened for reading.
 *
 * Throws `gc_refused` (`no_roots`, `root_unreadable`, `closure_incomplete`, `object_damaged`).
 *
 * @spec DML-STO-0715
 */
export async function planGc(
  host: Pick<GcHost, 'engine' | 'environment'>,
  options: RunOptions & Pick<CollectOptions, 'stepObjects'> = {},
): Promise<GcPlan> {
  refreshSnapshot(host.engine);
  const roots = rootsNow(host.engine, host.environment);
  const { onProgress: onStep, signal } = options;
  const marked = await runSteps(markStore(host.engine, roots, options.stepObjects), { onStep, signal });
  return marked.plan;
}

/**
 * Deletes every object no root reaches, in short transactions between those of other writers.
 *
 * Linear in the number of objects; memory is about 60 bytes for each. Throws `gc_refused` as `planGc` does,
 * also with `already_running` while another collection lives and `claim_lost` when one took over.
 */
export async function runGc(host: GcHost, options: RunOptions & CollectOptions = {}): Promise<GcReport> {
  const { environment } = host;
  const beforeWrite = (): Promise<void> => whenWritable(host.engine, environment, options.signal);
  const onStep = async (progress: GcProgress): Promise<void> => {
    options.onProgress?.(progress);
    if (WRITING.has(progress.phase)) await beforeWrite();
  };
  await beforeWrite();
  return runSteps(collectSteps(host, options), { onStep, signal: options.signal });
}

/** Returns the path that keeps an object, or that nothing does. */
export async function explainKept(
  host: Pick<GcHost, 'engine' | 'environment'>,
  object: ObjectName,
  options: RunOptions = {},
): Promise<GcReason> {
  const { onProgress: onStep, signal } = options;
  return runSteps(explainSteps(host.engine, host.environment, object), { onStep, signal });
}
