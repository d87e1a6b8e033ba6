/** Returns a time as records hold it: whole milliseconds since 1970, rounded down, 0 for an earlier one. */
export function wholeMs(timeMs: number): number {
  return Math.max(0, Math.floor(timeMs));
}
