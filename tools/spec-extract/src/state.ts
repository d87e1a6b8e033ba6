import type { Marks } from './mark.ts';
import type { CitingTest, RequirementState } from './requirement-index.ts';

/** Facts that decide the state of a requirement. */
export interface StateInput {
  readonly disposition: Marks['disposition']['kind'];
  readonly fingerprint: string;
  readonly reviewed: string | undefined;
  readonly ownerCount: number;
  readonly tests: readonly CitingTest[];
}

/**
 * Returns the state of a requirement: the first row of the table that applies.
 *
 * @spec DML-TRC-0501
 */
export function deriveState(input: StateInput): RequirementState {
  const { disposition } = input;
  if (disposition === 'retired' || disposition === 'planned' || disposition === 'exception')
    return disposition;
  // @spec DML-TRC-0503
  if (input.fingerprint !== input.reviewed) return 'suspect';
  // @spec DML-TRC-0990
  if (disposition === 'measured') return disposition;
  if (input.ownerCount !== 1) return 'open';
  // @spec DML-TRC-0505
  if (disposition === 'implied') return 'implied';
  return isProven(input.tests) ? 'verified' : 'open';
}

/** Checks whether citing tests prove a requirement: one passed and none failed. */
export function isProven(tests: readonly CitingTest[]): boolean {
  // @spec DML-TRC-0403
  if (tests.some(({ state }) => state === 'failed')) return false;
  // @spec DML-TRC-0402
  return tests.some(({ state }) => state === 'passed');
}

/** Returns why citing tests prove nothing: the worst of them. */
export function whyUnproven(tests: readonly CitingTest[]): string {
  const [worst] = ['failed', 'skipped'].flatMap((state) => tests.filter((test) => test.state === state));
  return worst === undefined ? 'no citing test' : `${worst.state}: ${worst.file} > ${worst.title}`;
}
