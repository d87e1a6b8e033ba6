import type { Marks } from './mark.ts';
import type { CitingTest, IndexedRequirement, RequirementState } from './requirement-index.ts';

/** What decides the state of a requirement. */
export interface StateInput {
  readonly disposition: Marks['disposition']['kind'];
  readonly fingerprint: string;
  readonly reviewed: string;
  readonly ownerCount: number;
  readonly tests: readonly CitingTest[];
}

/**
 * Yields the state of a requirement: the first row of the table that applies.
 *
 * @spec DML-TRC-0501
 */
export function deriveState(input: StateInput): RequirementState {
  const { disposition } = input;
  if (disposition === 'retired' || disposition === 'planned' || disposition === 'exception')
    return disposition;
  // @spec DML-TRC-0503
  if (input.fingerprint !== input.reviewed) return 'suspect';
  if (input.ownerCount !== 1) return 'open';
  // @spec DML-TRC-0505
  if (disposition === 'implied') return 'implied';
  return isProven(input.tests) ? 'verified' : 'open';
}

/** Yields whether citing tests prove a requirement: one passed and none failed. */
export function isProven(tests: readonly CitingTest[]): boolean {
  // @spec DML-TRC-0403
  if (tests.some(({ state }) => state === 'failed')) return false;
  // @spec DML-TRC-0402
  return tests.some(({ state }) => state === 'passed');
}

/** Yields the fingerprint that counts as reviewed. */
export function reviewedFingerprint(
  fingerprint: string,
  disposition: StateInput['disposition'],
  previous: IndexedRequirement | undefined,
): string {
  // @spec DML-TRC-0504
  if (disposition === 'planned' || disposition === 'retired') return fingerprint;
  // @spec DML-TRC-0502
  if (previous === undefined) return fingerprint;
  // What was only planned had nothing to be reviewed against.
  return previous.state === 'planned' ? fingerprint : previous.reviewed;
}
