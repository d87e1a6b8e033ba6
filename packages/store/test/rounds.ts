/** Whether tests that repeat a search do all of it; else they do the part that is likeliest to find something. */
export const IS_FULL: boolean = process.env.DML_TEST_ROUNDS === 'full';

/** Returns how many rounds a test makes that repeats something. */
export function rounds(quick: number, full: number): number {
  return IS_FULL ? full : quick;
}
