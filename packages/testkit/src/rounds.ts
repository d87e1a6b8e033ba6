/** True when tests that repeat a search do all of it, not only a fixed part. */
export const IS_FULL: boolean = process.env.DML_TEST_ROUNDS === 'full';

/** Returns how many rounds a test makes that repeats something; `isFull` is for the test of this function. */
export function rounds(quick: number, full: number, isFull: boolean = IS_FULL): number {
  return isFull ? full : quick;
}
