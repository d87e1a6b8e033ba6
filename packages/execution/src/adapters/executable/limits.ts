/** Limits that keep an adapter from taking more than it needs. */
export interface AdapterLimits {
  /** A question or answer; larger values travel as files. */
  readonly lineBytes: number;
  /** What one call may print, and a process may write to standard error between two answers. */
  readonly outputBytes: number;
  readonly describeMs: number;
  readonly pollMs: number;
  /** Time to acknowledge a cancellation, and to end once nothing more is asked. */
  readonly graceMs: number;
}

export const DEFAULT_LIMITS: AdapterLimits = {
  lineBytes: 16 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  describeMs: 10_000,
  pollMs: 60_000,
  graceMs: 1000,
};
