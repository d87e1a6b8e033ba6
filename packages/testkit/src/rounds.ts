/** True when tests that repeat a search do all of it, not only a fixed part. */
export const IS_FULL: boolean = process.env.DML_TEST_ROUNDS === 'full';

/** Returns how many rounds a test makes that repeats something. */
export function rounds(quick: number, full: number): number {
  return IS_FULL ? full : quick;
}
