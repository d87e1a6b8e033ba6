/** Limits that keep an adapter from taking more than it needs. */
export interface AdapterLimits {
  /** A question or answer; larger values travel as files. */
  readonly lineBytes: number;
  /** Bytes that one call may print, and a process may write to standard error between two answers. */
  readonly outputBytes: number;
  readonly describeMs: number;
  readonly pollMs: number;
  /** Time to end after the answer, where a process answers one question. */
  readonly endMs: number;
  /** Time to acknowledge a cancellation, and to end when the run does. */
  readonly graceMs: number;
}

export const DEFAULT_LIMITS: AdapterLimits = {
  lineBytes: 16 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  describeMs: 60_000,
  pollMs: 60_000,
  endMs: 10_000,
  graceMs: 1000,
};
