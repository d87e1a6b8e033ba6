import type { Engine } from '../engine/engine.ts';
import { runSteps } from '../walk/run-steps.ts';
import type { Finding, Leftover, VerifyProgress, VerifySummary } from './finding.ts';
import { verifyObjects } from './verify-objects.ts';
import { verifyJournal, verifyRows } from './verify-refs.ts';

type Looked = Omit<VerifySummary, 'findings' | 'leftovers'>;

/** Yields what is wrong and how far it is; ends with the sums. Reads only. */
function* verifySteps(engine: Engine): Generator<Finding | Leftover | VerifyProgress, Looked, undefined> {
  const counts = { objects: 0, bytes: 0 };
  yield* verifyObjects(engine, counts);
  yield* verifyRows(engine);
  const sums = yield* verifyJournal(engine);
  return { ...counts, ...sums };
}

export interface VerifyOptions {
  readonly onFinding?: (finding: Finding) => void;
  /** Hears what is wrong with objects that no ref and no hold reaches, where only other objects show it. */
  readonly onLeftover?: (finding: Finding) => void;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends the verification between two steps. */
  readonly signal?: AbortSignal;
}

/**
 * Verifies a whole store and returns how much it looked at and how many findings there were.
 * Findings go to `onFinding` as they are met; the store is not changed, and others may go on writing.
 *
 * @spec DML-STO-0910
 */
export async function verifyStore(
  host: { readonly engine: Engine },
  options: VerifyOptions = {},
): Promise<VerifySummary> {
  let findings = 0;
  let leftovers = 0;
  // @spec DML-STO-0911
  const onStep = (step: Finding | Leftover | VerifyProgress): void => {
    if ('code' in step) {
      findings += 1;
      options.onFinding?.(step);
    } else if ('leftover' in step) {
      leftovers += 1;
      options.onLeftover?.(step.leftover);
    } else options.onProgress?.(step);
  };
  // @spec DML-STO-0912
  const looked = await runSteps(verifySteps(host.engine), { onStep, signal: options.signal });
  return { ...looked, findings, leftovers };
}
